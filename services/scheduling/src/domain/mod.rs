//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

mod attend;
mod book;
mod cancel;
mod judgement;
pub mod matching;
pub mod opening;
mod propose;
mod referral;
mod undo;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use relais_platform::{
    error::{Error, Violation},
    ids::{AppointmentId, Child, OrganisationId, PatientId, ReferralId, SiteId, SlotId},
    parties::{Content, Party},
    text_enum,
};

pub use attend::{arrive, confirm, fulfil, miss, remind};
pub use book::{book, book_on, ensure_bookable, ensure_offered, ensure_open, register_walk_in, reschedule};
pub use cancel::{CancelReason, cancel, end, supersede};
pub use judgement::{Covered, OVERDUE, PATIENCE, admit, ask, go_back, refuse_day};
pub use propose::propose;
pub use referral::{Referral, Stage};
pub use undo::{UndoReason, undo};

text_enum! {
    /// Where an appointment stands (FHIR Appointment). To callers a proposed one with a hold that lives is pending, too.
    pub enum State {
        /// Wished for, without a time yet.
        Proposed = "proposed",
        /// It has a seat, on a day that the convention has not judged yet.
        Pending = "pending",
        /// It has a seat.
        Booked = "booked",
        /// The patient is there.
        Arrived = "arrived",
        /// The patient was seen.
        Fulfilled = "fulfilled",
        /// The patient did not come.
        NoShow = "noshow",
        /// Given up.
        Cancelled = "cancelled",
        /// It never was.
        EnteredInError = "entered-in-error",
    }
}

/// What a patient needs when seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The language to interpret from; empty when nobody need interpret.
    pub interpreter_language: String,
    /// Whether the patient comes in a wheelchair.
    pub wheelchair: bool,
}

/// When and where: the slot that an appointment has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// The slot.
    pub slot: SlotId,
    /// The site.
    pub site: Child<SiteId>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// The site's zone in the IANA database.
    pub time_zone: String,
}

impl Time {
    /// The day of an instant by the clocks of the site; of a zone that this program does not know, by UTC.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&Tz::from_str(&self.time_zone).unwrap_or(Tz::UTC)).date_naive()
    }

    /// The day on which it begins, by the clocks of the site.
    pub fn local_date(&self) -> NaiveDate {
        self.day_of(self.start)
    }
}

/// A seat that is held for an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub time: Time,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A time at which a patient is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// Where it stands.
    pub state: State,
    /// One more with each change.
    pub version: i64,
    /// The referral it serves.
    pub referral: ReferralId,
    /// That referral's number.
    pub referral_number: String,
    /// That referral's parties.
    pub parties: Vec<Party>,
    /// The patient's record, at the organisation that sent the referral; none when it was erased, or never told.
    pub patient: Option<PatientId>,
    /// Who sees the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// What the patient needs.
    pub needs: Needs,
    /// Its time, once it had one.
    pub time: Option<Time>,
    /// The seat that is held for it, which counts until its end.
    pub hold: Option<Hold>,
    /// Whether it was said that the patient will come.
    pub confirmed: bool,
    /// Whether the patient came without a booking.
    pub walk_in: bool,
    /// Why it stands where it does, as a code; may be empty.
    pub reason: String,
    /// Who gave it up.
    pub cancelled_by: Option<OrganisationId>,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

/// An appointment as one of its versions was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Which version.
    pub version: i64,
    /// Where it stood.
    pub state: State,
    /// Its time, once it had one.
    pub time: Option<Time>,
    /// Whether it was said that the patient will come.
    pub confirmed: bool,
    /// Whether the patient came without a booking.
    pub walk_in: bool,
    /// Why, as a code; may be empty.
    pub reason: String,
    /// Who gave it up.
    pub cancelled_by: Option<OrganisationId>,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl Appointment {
    /// Its next version.
    #[must_use]
    fn next(self, state: State, now: DateTime<Utc>) -> Self {
        Self { state, version: self.version + 1, update_time: now, reason: String::new(), ..self }
    }

    /// The hold that lives at `now`.
    pub fn live_hold(&self, now: DateTime<Utc>) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| self.state == State::Proposed && hold.until > now)
    }

    /// What parties who see these contents see of it: what a patient needs tells how the patient lives.
    #[must_use]
    pub fn seen_with(self, sees: impl Fn(Content) -> bool) -> Self {
        if sees(Content::Social) { self } else { Self { needs: Needs::default(), ..self } }
    }
}

/// Rules that fail; none fails: it may go on.
fn refuse(rules: Vec<Violation>) -> Result<(), Error> {
    if rules.is_empty() { Ok(()) } else { Err(Error::refused("APPOINTMENT_RULE", rules)) }
}

/// One rule that fails.
fn rule(code: &str, sentence: impl Into<String>) -> Violation {
    Violation::new(code, sentence)
}

/// An appointment of tests.
#[cfg(test)]
fn proposed() -> Appointment {
    propose(AppointmentId::draw(), &referral_in("accepted"), Vec::new(), DateTime::UNIX_EPOCH)
}

/// A referral of tests.
#[cfg(test)]
fn referral_in(state: &str) -> Referral {
    Referral {
        id: ReferralId::draw(),
        number: "n".into(),
        state: state.into(),
        patient: Some(PatientId::draw()),
        provider: OrganisationId::draw(),
        site: None,
        service_system: "s".into(),
        service_code: "c".into(),
        requested_date: "2017-05-01".parse().unwrap(),
        priority: "routine".into(),
        needs: Needs::default(),
        covered: Covered::default(),
    }
}

/// A time of tests, that begins so many hours after 1970.
#[cfg(test)]
fn time_at(hours: i64) -> Time {
    let start = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hours);
    Time {
        slot: SlotId::draw(),
        site: Child::new(OrganisationId::draw(), SiteId::draw()),
        start,
        end: start + chrono::TimeDelta::minutes(20),
        time_zone: "Europe/Luxembourg".into(),
    }
}
