//! Opening: a referral's wish becomes an appointment without a time yet.

use chrono::{DateTime, Utc};
use relais_platform::{ids::AppointmentId, parties::Party};

use super::{Appointment, Referral, State};

/// The appointment, in version 1.
pub fn propose(id: AppointmentId, wish: &Referral, parties: Vec<Party>, now: DateTime<Utc>) -> Appointment {
    Appointment {
        id,
        state: State::Proposed,
        version: 1,
        referral: wish.id,
        referral_number: wish.number.clone(),
        parties,
        patient: wish.patient,
        provider: wish.provider,
        site: wish.site,
        requested_date: wish.requested_date,
        needs: wish.needs.clone(),
        time: None,
        hold: None,
        confirmed: false,
        walk_in: false,
        reason: String::new(),
        cancelled_by: None,
        create_time: now,
        update_time: now,
    }
}
