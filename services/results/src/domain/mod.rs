//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

mod draft;
mod revoke;

use chrono::{DateTime, Utc};
use relais_platform::ids::{OrderId, OrganisationId, PatientId, ReferralId};
use relais_platform::text_enum;

pub use draft::{Ask, draft};
pub use revoke::revoke;

text_enum! {
    /// Where an order stands (FHIR ServiceRequest).
    pub enum State {
        /// Opened by a referral, without lines yet.
        Draft = "draft",
        /// Withdrawn.
        Revoked = "revoked",
    }
}

/// What is asked for a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
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
    /// Who is asked.
    pub provider: OrganisationId,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}
