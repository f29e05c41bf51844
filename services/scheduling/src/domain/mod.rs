//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

mod cancel;
mod propose;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{AppointmentId, Child, OrganisationId, PatientId, ReferralId, SiteId};
use relais_platform::text_enum;

pub use cancel::cancel;
pub use propose::{Wish, propose};

text_enum! {
    /// Where an appointment stands (FHIR Appointment).
    pub enum State {
        /// Wished for, without a time yet.
        Proposed = "proposed",
        /// Given up.
        Cancelled = "cancelled",
    }
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
    /// The patient's record, at the organisation that sent the referral; none when it was erased, or never told.
    pub patient: Option<PatientId>,
    /// Who sees the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}
