//! What became of a referral: its steps, and what other services told of it.

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{AppointmentId, OrganisationId, ReferralId},
    parties::{Capacity, Content},
};
use uuid::Uuid;

use super::{Cause, State};

/// One step of a referral's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Its own id, which grows with time.
    pub id: Uuid,
    /// The referral.
    pub referral: ReferralId,
    /// Its version since.
    pub version: i64,
    /// Its state since.
    pub state: State,
    /// Its state before.
    pub previous: Option<State>,
    /// What made the step.
    pub cause: Cause,
    /// Why, as a code; empty where none was given.
    pub reason: String,
    /// Where else the patient may be sent, by its name.
    pub alternative: String,
    /// What was asked for.
    pub items: Vec<String>,
    /// What was said beside it.
    pub note: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Until when the step after it was due.
    pub due_time: Option<DateTime<Utc>>,
    /// Who, as issuer and subject.
    pub actor: String,
    /// For which organisation.
    pub organisation: Option<OrganisationId>,
    /// As what.
    pub capacity: Option<Capacity>,
}

impl Transition {
    /// What somebody of `organisation` sees of it who sees these contents: of others, the organisation is told and not the
    /// person; what was said beside a step is for the desks that work by it.
    #[must_use]
    pub fn seen_by(self, organisation: OrganisationId, contents: &[Content]) -> Self {
        let own = self.organisation.is_none_or(|of| of == organisation);
        let actor = if own { self.actor } else { String::new() };
        let note = if contents.contains(&Content::Service) { self.note } else { String::new() };
        Self { actor, note, ..self }
    }
}

/// Something that happened with a patient's referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its own id, which grows with time.
    pub id: Uuid,
    /// When.
    pub time: DateTime<Utc>,
    /// The referral.
    pub referral: ReferralId,
    /// Its number.
    pub number: String,
    /// Who sees the patient.
    pub provider: OrganisationId,
    /// What happened.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A step of the referral.
    Step(Box<Transition>),
    /// Something of an appointment.
    Appointment {
        /// Which.
        id: AppointmentId,
        /// Where it stood since.
        state: String,
        /// When it begins.
        start_time: Option<DateTime<Utc>>,
    },
    /// Something of a report.
    Report {
        /// Which.
        id: Uuid,
        /// What it was since.
        status: String,
    },
}
