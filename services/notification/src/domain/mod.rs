//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

mod recipients;

use chrono::{DateTime, Utc};
use relais_platform::ids::{MessageId, OrganisationId, ReferralId, UnitId};
use relais_platform::text_enum;

pub use recipients::recipients;

text_enum! {
    /// What happened.
    pub enum Kind {
        /// A referral was addressed to the recipient.
        ReferralSubmitted = "referral-submitted",
        /// A referral addressed to the recipient was cancelled.
        ReferralCancelled = "referral-cancelled",
        /// Somebody who is no party opened the file of a referral of the recipient.
        GlassBroken = "glass-broken",
    }
}

/// Whose inbox: a unit's, or an organisation's as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mailbox {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The unit; none for the organisation's own.
    pub unit: Option<UnitId>,
}

/// A message in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose inbox.
    pub mailbox: Mailbox,
    /// What happened.
    pub kind: Kind,
    /// The referral it is about.
    pub referral: ReferralId,
    /// That referral's number.
    pub referral_number: String,
    /// When it came in.
    pub create_time: DateTime<Utc>,
}
