//! Days and sites for which the convention judges again: an appointment waits in its seat until the answer is there.

mod answers;
mod sites;
mod waiting;

use anyhow::Result;
use chrono::Days;
use relais_platform::events::Event;
use relais_proto::{
    events::v1::{AppointmentMoved, BookingJudged},
    scheduling::v1::{appointment::PendingReason, appointment::State},
};

use super::*;

const REFUSED: &str = "convention-not-in-force";
const REMINDERS: &str = "SELECT count(*) FROM timer WHERE kind = 'remind_patient'";
const AWAITED: &str = "SELECT count(*) FROM timer WHERE kind = 'await_judgement'";
/// From now, in hours: before the last day of [`Centre::ending`] and after it.
const INSIDE: i64 = 50;
const OUTSIDE: i64 = 100;

impl Centre {
    /// One that keeps no holidays: each day is as the other.
    async fn open_daily() -> Result<Self> {
        Self::open_in(&QUICK, "Europe/Luxembourg", "NC").await
    }

    /// The last day on which appointments are booked without asking.
    fn last_day(&self) -> NaiveDate {
        self.now().date_naive() + Days::new(3)
    }

    /// A referral that was accepted, and whose appointment is booked without asking until [`Centre::last_day`].
    async fn ending(&self, number: &str) -> Result<Referred> {
        let until = Some(date(self.last_day()));
        let referred = self.submitted_as(number, |event| ReferralSubmitted { booking_until: until, ..event }).await?;
        self.step(&referred.told, 2, "accepted").await?;
        Ok(referred)
    }

    /// The convention's answer to this version of an appointment, as an event of the referral's version.
    async fn answer(&self, referred: &Referred, version: i64, asked: &Appointment, judged: Judged) -> Result<()> {
        let event = judged.of(referred, asked, self.last_day());
        self.world.tap.publish(referred.told.id.0, version, event).await?;
        let consumed = "SELECT version FROM consumed_version WHERE aggregate_id = $1";
        eventually("the answer is heard", || async {
            let query = sqlx::query_scalar::<_, i64>(consumed).bind(referred.told.id.0);
            Ok((query.fetch_one(&self.world.database).await? >= version).then_some(()))
        })
        .await
    }

    /// Two slots at least so many hours from now, one after the other.
    async fn two_in(&self, referred: &Referred, hours: i64) -> Result<[Slot; 2]> {
        let earliest = (self.now() + TimeDelta::hours(hours)).timestamp();
        let mut found = self.slots(referred).await?.into_iter().filter(|slot| begins(slot) >= earliest);
        Ok([found.next().context("no slot")?, found.next().context("no second slot")?])
    }

    /// All that were sent are one patient's.
    async fn make_one_patient(&self) -> Result<()> {
        let whose = "UPDATE referral SET patient_id = (SELECT min(patient_id::text)::uuid FROM referral);
                     UPDATE appointment SET patient_id = (SELECT min(patient_id::text)::uuid FROM referral)";
        sqlx::raw_sql(whose).execute(&self.world.database).await?;
        Ok(())
    }

    /// The appointment as it stands now.
    async fn look(&self, appointment: &Appointment) -> Result<Appointment> {
        Ok(get(&self.sender()?, &appointment.name).await?)
    }

    /// The answer to what the referral's appointment asks now, and what becomes of it.
    async fn answered(&self, referred: &Referred, version: i64, judged: Judged) -> Result<Appointment> {
        let asked = get(&self.sender()?, &referred.appointment).await?;
        self.answer(referred, version, &asked, judged).await?;
        self.look(&asked).await
    }
}

/// What the convention says.
#[derive(Clone, Copy)]
enum Judged {
    Admitted,
    Refused,
}

impl Judged {
    fn of(self, referred: &Referred, asked: &Appointment, last_day: NaiveDate) -> BookingJudged {
        let admitted = matches!(self, Self::Admitted);
        BookingJudged {
            referral: referred.told.id.to_string(),
            number: referred.told.number.clone(),
            parties: referred.told.parties(),
            appointment: asked.name.clone(),
            appointment_version: asked.etag.parse().unwrap_or_default(),
            admitted,
            reason: if admitted { String::new() } else { REFUSED.into() },
            booking_from: None,
            booking_until: Some(date(if admitted { last_day + Days::new(60) } else { last_day })),
            booking_sites: None,
        }
    }
}

fn as_moved(event: &Event, state: &str) -> Option<AppointmentMoved> {
    match event {
        Event::AppointmentMoved(told) if told.state == state => Some(told.clone()),
        _ => None,
    }
}

fn waits(appointment: &Appointment) -> bool {
    is(appointment, State::Pending) && appointment.pending_reason() == PendingReason::Judgement
}
