//! What was committed, reserved, used and is left, and who hears of it.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::{
    convention::v1::{GetUsageRequest, Meter, RecountUsageRequest, UsageFigure},
    google::r#type::Date,
    notification::v1::{ListMessagesRequest, Message, message},
};

use super::{
    Stage,
    chain::{PATIENTS, XRAYS},
    ensure,
    office::Partnership,
};
use crate::{
    date,
    story::{Actor, asked},
};

/// Committed, reserved, used, left.
pub(super) type Stands = (i64, i64, i64, i64);

/// A day as people write it.
pub(super) fn written(day: Option<Date>) -> String {
    day.map_or_else(|| "never".into(), |day| format!("{}-{:02}-{:02}", day.year, day.month, day.day))
}

impl Partnership {
    /// The meter of people of the year that holds a day, as it stood at its end; without a day, now.
    pub(super) async fn meter(&self, stage: &Stage<'_>, as_of: Option<NaiveDate>) -> Result<Meter> {
        let request =
            GetUsageRequest { name: self.convention.clone(), as_of: as_of.map(date), ..GetUsageRequest::default() };
        let mut client = stage.at(&self.coordinator)?.referral.conventions();
        let meters = asked("GetUsage", client.get_usage(request)).await?.meters;
        meters.into_iter().find(|meter| meter.line_id == PATIENTS).context("people have no meter")
    }

    /// Where people stand, which must be this.
    pub(super) async fn stands(&self, stage: &Stage<'_>, expected: Stands) -> Result<Meter> {
        let meter = self.meter(stage, None).await?;
        let told = (meter.committed, meter.reserved, meter.used, meter.left);
        ensure(told == expected, &format!("people stand at {told:?} and not at {expected:?}"))?;
        self.coordinator.tells(format!(
            "{} committed, {} reserved, {} used, {} left until {}",
            meter.committed,
            meter.reserved,
            meter.used,
            meter.left,
            written(meter.period_end)
        ));
        Ok(meter)
    }

    /// X-rays by month and site, from a day to a day.
    pub(super) async fn xrays(
        &self,
        stage: &Stage<'_>,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<Vec<UsageFigure>> {
        let request = GetUsageRequest {
            name: self.convention.clone(),
            line_id: XRAYS.into(),
            first_month: Some(date(first)),
            last_month: Some(date(last)),
            ..GetUsageRequest::default()
        };
        let mut client = stage.at(&self.coordinator)?.referral.conventions();
        Ok(asked("GetUsage", client.get_usage(request)).await?.figures)
    }

    /// The ledger, counted again, says what is shown.
    pub(super) async fn recount(&self, stage: &Stage<'_>) -> Result<()> {
        let mut client = stage.at(&self.coordinator)?.referral.conventions();
        let request = RecountUsageRequest { name: self.convention.clone() };
        let again = asked("RecountUsage", client.recount_usage(request)).await?;
        ensure(again.differences.is_empty(), &format!("the ledger says something else: {:?}", again.differences))?;
        self.coordinator.tells(format!("has {} entries of the ledger counted again: no difference", again.entries));
        Ok(())
    }

    /// Both partners have heard of these thresholds by now, in this order and of no others.
    pub(super) async fn heard(&self, stage: &Stage<'_>, expected: &[&str]) -> Result<()> {
        stage.settle().await?;
        for actor in [&self.coordinator, &self.reception] {
            let told = thresholds(stage, actor, &self.convention).await?;
            let states: Vec<_> = told.iter().map(|message| message.state.as_str()).collect();
            ensure(states == expected, &format!("{} heard of {states:?} and not of {expected:?}", actor.title))?;
            let last = told.last().context("nothing was heard")?;
            actor.tells(format!("reads in the inbox: {}", last.text));
        }
        Ok(())
    }
}

/// What an inbox has of the thresholds of a convention, the first one first.
async fn thresholds(stage: &Stage<'_>, actor: &Actor, convention: &str) -> Result<Vec<Message>> {
    let mut client = stage.at(actor)?.notification.inbox();
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListMessagesRequest { page_size: 200, page_token, language: "fr".into(), ..Default::default() };
        let page = asked("ListMessages", client.list_messages(request)).await?;
        let of_line =
            |message: &Message| message.kind() == message::Kind::MeterThreshold && message.about == convention;
        found.extend(page.messages.into_iter().filter(of_line));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    found.reverse();
    Ok(found)
}
