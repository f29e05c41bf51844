//! Hears what an appointment came to: it is noted, and the referral goes where that leads.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, Child, ReferralId, SiteId},
};
use relais_proto::events::v1;

use super::keep::keep;
use crate::{
    domain::referral::{AppointmentState, Cause, Facts, Referral, State, Step, WORK_DONE, hear_appointment},
    store::referral::{self, Told},
};

/// What became of an appointment, in one of its versions.
#[derive(Debug, Clone)]
pub struct HearAppointment {
    referral: ReferralId,
    appointment: AppointmentId,
    version: i64,
    time: DateTime<Utc>,
    told: AppointmentState,
    before: AppointmentState,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    site: Option<SiteId>,
    reason: String,
}

impl HearAppointment {
    /// Of an event, the `version` of its appointment, that happened at `time`.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it cannot be read: the message is parked.
    pub fn moved(told: &v1::AppointmentMoved, version: i64, time: DateTime<Utc>) -> Result<Self> {
        let mut check = Check::default();
        let state = AppointmentState::parse(&told.state);
        check.ensure("state", state.is_some(), "must be a state of an appointment");
        let heard = Self {
            referral: check.name("referral", &told.referral),
            appointment: check.name("appointment", &told.appointment),
            version,
            time,
            told: state.unwrap_or(AppointmentState::Proposed),
            before: AppointmentState::parse(&told.previous).unwrap_or(AppointmentState::Proposed),
            start: told.start_time.and_then(instant),
            end: told.end_time.and_then(instant),
            // A place that cannot be read is none: nothing else hangs on it.
            site: Child::parse(&told.site).map(|site: Child<SiteId>| site.id),
            reason: told.reason.clone(),
        };
        check.finish().map(|()| heard)
    }

    /// As [`HearAppointment::moved`], of one that was given up.
    ///
    /// # Errors
    /// As there.
    pub fn cancelled(told: &v1::AppointmentCancelled, version: i64, time: DateTime<Utc>) -> Result<Self> {
        let mut check = Check::default();
        let heard = Self {
            referral: check.name("referral", &told.referral),
            appointment: check.name("appointment", &told.appointment),
            version,
            time,
            told: AppointmentState::Cancelled,
            before: AppointmentState::Proposed,
            start: told.start_time.and_then(instant),
            end: None,
            site: None,
            reason: told.reason.clone(),
        };
        check.finish().map(|()| heard)
    }

    fn fact(&self) -> Told {
        Told {
            referral: self.referral,
            kind: "appointment",
            subject: self.appointment.0,
            version: self.version,
            state: self.told.as_str(),
            start: self.start,
            site: self.site,
            time: self.time,
        }
    }

    /// Whether the patient came, or was said wrongly not to have come: then it is kept, whatever was proposed in its place.
    fn is_kept(&self) -> bool {
        use AppointmentState::{Arrived, Booked, Fulfilled, Noshow, Pending};
        matches!(self.told, Arrived | Fulfilled) || matches!((self.told, self.before), (Booked | Pending, Noshow))
    }

    /// Where the referral goes, or stays with another deadline because the appointment has another time. Of one that was pending, that
    /// time was noted before.
    fn leads(&self, referral: &Referral) -> Option<State> {
        // One that never had a time was given up: nothing that anybody waited for.
        if self.told == AppointmentState::Cancelled && self.start.is_none() {
            return None;
        }
        let rebooked = referral.state == State::Scheduled
            && self.told == AppointmentState::Booked
            && (referral.facts.appointment_end != self.end || self.before == AppointmentState::Pending);
        let same = rebooked.then_some(State::Scheduled);
        hear_appointment(referral.state, self.told, self.before).or(same)
    }
}

impl UseCase for HearAppointment {
    type Outcome = ();
    const NAME: &'static str = "hear_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        // What an earlier message of the same batch opened must not hide this.
        unit.settle().await?;
        unit.audit(self.referral);
        let referral = referral::find_locked(unit, self.referral).await?;
        // Nothing is attached to a referral that is not there: the message is held back, and parked in the end.
        let referral = referral.ok_or_else(|| Error::not_found(self.referral))?;
        unit.about(referral.number.as_str());
        if !referral::insert_fact(unit, &self.fact()).await? {
            return Ok(());
        }
        let stands = (self.told, self.is_kept());
        let counts =
            referral::note_appointment(unit, self.referral, self.appointment, stands, (self.end, self.site)).await?;
        let Some(state) = self.leads(&referral).filter(|_| counts) else { return Ok(()) };
        let (appointment_end, appointment_site) = (self.end, self.site);
        let facts = Facts { appointment: Some(self.told), appointment_end, appointment_site, ..referral.facts };
        let refused = referral.state == State::CancelRequested;
        let reason = if refused { WORK_DONE } else { &self.reason };
        let known = Referral { facts, appointment: Some(self.appointment), ..referral };
        keep(unit, known, state, &Step::new(Cause::Fact, reason)).await?;
        Ok(())
    }
}

fn instant(told: prost_types::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(told.seconds, told.nanos.try_into().ok()?)
}
