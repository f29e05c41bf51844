//! Booking judges again: across a year's end the reservation moves along.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_proto::scheduling::v1::{
    Appointment, GetAppointmentRequest,
    appointment::{PendingReason, State},
};

use super::{
    Stage,
    chain::year_from,
    ensure, office,
    office::Partnership,
    scene,
    steps::{Seen, begins},
};
use crate::{
    eventually,
    story::{asked, steps},
};

impl Partnership {
    /// What was booked on a day on which the convention judges again is pending, and comes to this.
    pub(super) async fn judged_again(
        &self,
        stage: &Stage<'_>,
        booked: &Appointment,
        state: State,
    ) -> Result<Appointment> {
        let awaits = booked.state() == State::Pending && booked.pending_reason() == PendingReason::Judgement;
        ensure(awaits, &format!("it does not wait for the convention, it is {:?}", booked.state()))?;
        let what = format!("the appointment is {state:?}");
        let found = eventually(&what, || async {
            let request = GetAppointmentRequest { name: booked.name.clone() };
            let mut client = stage.at(&self.desk)?.scheduling.scheduling();
            let now = asked("GetAppointment", client.get_appointment(request)).await?.appointment;
            Ok(now.filter(|now| now.state() == state))
        })
        .await?;
        stage.settle().await?;
        Ok(found)
    }
}

/// The last one of the first year is seen in the second.
pub(super) async fn cross(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    scene("Across the year's end");
    let second = year_from(story.first_day, 1);
    stage.go_on_until(office::morning(second - Days::new(25))).await?;
    let sent = story.send_some(stage, 1).await?.pop().context("nobody was sent")?;
    story.desk.tells(format!("sends one more, referral {}: the last of the twelve places of the year", sent.number));
    story.heard(stage, &["70", "90", "100", "90", "100"]).await?;
    story.stands(stage, (12, 1, 11, 0)).await?;
    let pending = story.book(stage, (&sent, &story.selestat), second + Days::new(1)).await?;
    let at = begins(pending.start_time)?;
    story.desk.tells(format!("books {at}, in the second year: pending, for the convention judges again"));
    let booked = story.judged_again(stage, &pending, State::Booked).await?;
    story
        .desk
        .tells("sees it confirmed: the reservation has moved to the second year, and one place is left of the first");
    story.stands(stage, (12, 0, 11, 1)).await?;
    stage.go_on_until(at + TimeDelta::minutes(45)).await?;
    story.stands(stage, (12, 1, 0, 11)).await?;
    steps::attend(stage, &story.reception, &booked).await?;
    stage.settle().await?;
    story.report_all(stage, &[Seen { sent, site: story.selestat.clone(), at }]).await?;
    story.stands(stage, (12, 0, 1, 11)).await?;
    Ok(())
}
