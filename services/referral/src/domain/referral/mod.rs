//! Referrals: their number, their parties, their moves.

mod actions;
mod cancel;
mod number;
mod open_file;
pub mod partner_link;
mod review_file;
mod submit;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{
    AppointmentId, Child, ConventionId, OrganisationId, PatientId, PractitionerId, ReferralId, SiteId, UnitId,
};
use relais_platform::text_enum;

pub use relais_platform::parties::{Capacity, Content, Party};

pub use actions::{Action, open_actions};
pub use cancel::{CancelReason, cancel};
pub use number::Number;
pub use open_file::{
    COUNTED, FileAccess, LONGEST, OpenReason, OpenedFile, USUAL, ensure_no_party, ensure_not_too_often,
};
pub use partner_link::PartnerLink;
pub use review_file::{FileReview, HeldAccess, Verdict};
pub use submit::{Submission, submit};

text_enum! {
    /// Where a referral stands.
    pub enum State {
        /// Admitted under the convention.
        Submitted = "submitted",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// How soon the patient is to be seen (FHIR request-priority).
    pub enum Priority {
        /// In the ordinary course.
        Routine = "routine",
        /// Before routine ones.
        Urgent = "urgent",
        /// As soon as possible.
        Asap = "asap",
        /// At once.
        Stat = "stat",
    }
}

text_enum! {
    /// What scheduling has told of a referral's appointment.
    pub enum AppointmentState {
        /// Opened, without a time yet.
        Proposed = "proposed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// The number people say and write.
    pub number: Number,
    /// Where it stands.
    pub state: State,
    /// One more with each change.
    pub version: i64,
    /// The convention that admits it.
    pub convention: ConventionId,
    /// The version of its terms.
    pub convention_version: i64,
    /// The service's system.
    pub service_system: String,
    /// The service's code.
    pub service_code: String,
    /// Who sends.
    pub referrer: OrganisationId,
    /// The unit that sends.
    pub referrer_unit: Option<UnitId>,
    /// The patient.
    pub patient: PatientId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The doctor who asks.
    pub prescriber: Option<Child<PractitionerId>>,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// How soon.
    pub priority: Priority,
    /// Who is a party.
    pub parties: Vec<Party>,
    /// The appointment opened for it.
    pub appointment: Option<AppointmentId>,
    /// When it was submitted.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

impl Referral {
    /// What it shows to whoever sees these contents.
    #[must_use]
    pub fn showing(self, contents: &[Content]) -> Self {
        if contents.contains(&Content::Service) {
            return self;
        }
        Self { service_system: String::new(), service_code: String::new(), ..self }
    }
}

/// One step of a referral's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The referral.
    pub referral: ReferralId,
    /// Its version since.
    pub version: i64,
    /// Its state since.
    pub state: State,
    /// Why, as a code; empty where none was given.
    pub reason: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Who, as issuer and subject.
    pub actor: String,
}
