//! Opening: a referral's wish becomes an appointment without a time yet.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{AppointmentId, Child, OrganisationId, PatientId, ReferralId, SiteId};

use super::{Appointment, State};

/// What a referral wishes for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The referral.
    pub referral: ReferralId,
    /// Its number.
    pub referral_number: String,
    /// The patient's record; none when it was erased.
    pub patient: Option<PatientId>,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The site.
    pub site: Option<Child<SiteId>>,
    /// The day.
    pub requested_date: NaiveDate,
}

/// The appointment, in version 1.
pub fn propose(id: AppointmentId, wish: Wish, now: DateTime<Utc>) -> Appointment {
    Appointment {
        id,
        state: State::Proposed,
        version: 1,
        referral: wish.referral,
        referral_number: wish.referral_number,
        patient: wish.patient,
        provider: wish.provider,
        site: wish.site,
        requested_date: wish.requested_date,
        create_time: now,
        update_time: now,
    }
}
