//! A referral, as far as booking must know it.

use chrono::NaiveDate;
use relais_platform::ids::{Child, OrganisationId, PatientId, ReferralId, SiteId};

use super::{Covered, Needs};

/// What events told of a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// Its number.
    pub number: String,
    /// Where it stands: a status of the vocabulary. One that this program does not know is none to book for.
    pub state: String,
    /// The patient's record, at the organisation that sent it; none when it was erased.
    pub patient: Option<PatientId>,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The system of the service's code.
    pub service_system: String,
    /// The service's code.
    pub service_code: String,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// How soon.
    pub priority: String,
    /// What the patient needs when seen.
    pub needs: Needs,
    /// When and where its appointment is booked without asking the convention again.
    pub covered: Covered,
}

/// What a referral's status means for booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is open, and not to be booked for as it stands.
    Waiting,
    /// It may be booked for.
    Bookable,
    /// The patient was there.
    Attended,
    /// It came to its end.
    Closed,
}

impl Stage {
    /// Of a status of the vocabulary.
    pub fn of(state: &str) -> Self {
        match state {
            "accepted" | "scheduled" | "no-show" | "appointment-cancelled" => Self::Bookable,
            "attended" | "results-available" => Self::Attended,
            "completed" | "rejected" | "redirected" | "cancelled" | "expired" | "failed" | "entered-in-error" => {
                Self::Closed
            }
            _ => Self::Waiting,
        }
    }
}
