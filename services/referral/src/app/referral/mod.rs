//! Use cases of referrals.

mod account;
mod cancel_referral;
mod get_referral;
mod list_referrals;
mod note_appointment;
mod open_file;
mod snapshot_referrals;
mod submit_referral;
mod tell;

pub use account::account;
pub use cancel_referral::CancelReferral;
pub use get_referral::GetReferral;
pub use list_referrals::ListReferrals;
pub use note_appointment::NoteAppointment;
pub use open_file::{File, OpenFile};
pub use snapshot_referrals::snapshot_referrals;
pub use submit_referral::SubmitReferral;

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{domain::referral::Referral, store::referral};

impl From<&Referral> for Subject {
    fn from(referral: &Referral) -> Self {
        Self::from(referral.id).patient(referral.patient)
    }
}

impl Recall for Referral {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = outcome.id.into();
        let was = referral::get_at(unit, id, Some(outcome.version)).await?;
        unit.about(was.number.as_str());
        unit.audit(&was);
        Ok(was)
    }
}
