//! Opening: a referral's ask becomes an order without lines yet.

use chrono::{DateTime, Utc};
use relais_platform::ids::{OrderId, OrganisationId, PatientId, ReferralId};

use super::{Order, State};

/// What a referral asks.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The referral.
    pub referral: ReferralId,
    /// Its number.
    pub referral_number: String,
    /// The patient's record; none when it was erased.
    pub patient: Option<PatientId>,
    /// Who is asked.
    pub provider: OrganisationId,
}

/// The order, in version 1.
pub fn draft(id: OrderId, ask: Ask, now: DateTime<Utc>) -> Order {
    Order {
        id,
        state: State::Draft,
        version: 1,
        referral: ask.referral,
        referral_number: ask.referral_number,
        patient: ask.patient,
        provider: ask.provider,
        lines: Vec::new(),
        create_time: now,
        update_time: now,
    }
}
