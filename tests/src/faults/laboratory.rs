//! The partners whose referrals are taken on: a convention with results to the prescriber, and centres with few seats, all of
//! them today. Somebody of each side at every instance, as at desks of their own.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{Line, line},
    scheduling::v1::OpeningRule,
};

use super::{
    fleet::Fleet,
    senders::{metered, plenty},
};
use crate::{
    Identity, Session, date,
    partnership::{
        self,
        laboratory::{self, WEEK, doctor, sampling},
    },
};

/// A country whose holidays nobody has entered: there are seats on every day on which this is played.
const COUNTRY: &str = "AQ";
/// The hour at the centres when the load begins, by clocks of their own: so the whole day is still to come.
const HOUR: u32 = 5;
/// The first slot that can be booked: none begins, and no referral is overdue, while this is played.
const OPENS: &str = "08:00";

/// Somebody who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The social worker's desk at the care centre.
    Desk,
    /// The doctor who prescribes there.
    Prescriber,
    /// Who coordinates for those who send.
    Coordinator,
    /// The laboratory's desk.
    Reception,
    /// The laboratory's biologist.
    Biologist,
}

/// The partners.
pub(super) struct Laboratory {
    /// Organisations and centres.
    pub places: laboratory::Laboratory,
    /// The convention.
    pub convention: String,
    /// The prescriber's entry of the register.
    pub prescriber: String,
    /// Today, at the centres.
    pub today: NaiveDate,
    /// When they opened.
    pub opened: DateTime<Utc>,
    people: BTreeMap<Who, Identity>,
}

impl Laboratory {
    /// Enters the partners, has them sign, and opens the centres.
    pub(super) async fn open(fleet: &Fleet) -> Result<Self> {
        let opened = machine_now();
        let (zone, today) = early(opened).context("no zone in which it is early")?;
        let operator = first(fleet, "referral", &Identity::new("operator", "operator"))?;
        let places = laboratory::Laboratory::enter(&operator, COUNTRY, &zone).await?;
        let prescriber = doctor(&operator, &places.mdm, "Dr Claire Weber", "M-4711").await?;
        let people = people(&places, &prescriber);
        let coordinator = first(fleet, "referral", somebody(&people, Who::Coordinator)?)?;
        let signed = opened.date_naive();
        // Who is seen uses a place that was reserved: of one line when sent, of the other when accepted.
        let reserve_at = line::ReserveAt::Acceptance.into();
        let accepted = Line { reserve_at, ..plenty("people", line::Measure::Persons) };
        let lines = vec![plenty("visits", line::Measure::Acts), accepted];
        let draft = partnership::draft(&coordinator, metered(places.terms(signed), lines)).await?;
        let convention = partnership::sign(&coordinator, draft, signed).await?.name;
        let reception = first(fleet, "scheduling", somebody(&people, Who::Reception)?)?;
        // At the one a seat is sought by several at once, at the other two; whoever walks in finds one of three every five minutes.
        for (site, seats) in [(&places.forges, 1), (&places.chem, 2)] {
            let every = |from: &str, seats, walk_in_seats| OpeningRule {
                from_time: from.into(),
                until_time: "24:00".into(),
                slot_minutes: 5,
                seats,
                walk_in_seats,
                valid_until_date: Some(date(today)),
                ..sampling(site, &WEEK, today)
            };
            laboratory::open(&reception, every(OPENS, seats, 0)).await?;
            laboratory::open(&reception, every("00:00", 0, 3)).await?;
        }
        Ok(Self { places, convention, prescriber, today, opened, people })
    }

    /// Somebody at each instance of a service, over connections of their own.
    pub(super) fn sessions(&self, fleet: &Fleet, who: Who, service: &'static str) -> Result<Vec<Session>> {
        fleet.sessions(service, somebody(&self.people, who)?)
    }
}

fn people(places: &laboratory::Laboratory, prescriber: &str) -> BTreeMap<Who, Identity> {
    let clinic = |subject: &str, role: &str| Identity::new(subject, role).of(&places.mdm).at(&places.centre);
    BTreeMap::from([
        (Who::Desk, clinic("social-worker", "desk")),
        (Who::Prescriber, clinic("weber", "clinician").registered(prescriber)),
        (Who::Coordinator, Identity::new("mdm-coordinator", "coordinator").of(&places.mdm)),
        (Who::Reception, Identity::new("bionext-desk", "desk").of(&places.lab)),
        (Who::Biologist, Identity::new("bionext-biologist", "clinician").of(&places.lab)),
    ])
}

fn somebody(people: &BTreeMap<Who, Identity>, who: Who) -> Result<&Identity> {
    people.get(&who).context("nobody")
}

fn first(fleet: &Fleet, service: &'static str, identity: &Identity) -> Result<Session> {
    fleet.sessions(service, identity)?.into_iter().next().context("no instance")
}

/// A zone in which it is early, and the day there.
fn early(now: DateTime<Utc>) -> Option<(String, NaiveDate)> {
    let ahead = (i64::from(HOUR) - i64::from(now.hour()) + 36) % 24 - 12;
    let zone = FixedOffset::east_opt(i32::try_from(TimeDelta::hours(ahead).num_seconds()).ok()?)?;
    // These names count westwards.
    let name = match -ahead {
        0 => "Etc/GMT".into(),
        west => format!("Etc/GMT{west:+}"),
    };
    Some((name, now.with_timezone(&zone).date_naive()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_early_somewhere_at_any_hour() {
        for (hour, zone, day) in
            [(0, "Etc/GMT-5", 22), (5, "Etc/GMT", 22), (12, "Etc/GMT+7", 22), (20, "Etc/GMT-9", 23)]
        {
            let now: DateTime<Utc> = format!("2026-11-22T{hour:02}:30:00Z").parse().unwrap();
            let today = NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
            assert_eq!(early(now), Some((zone.into(), today)), "{hour}");
        }
    }
}
