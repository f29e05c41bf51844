//! Use cases of referrals.

mod account;
mod cancel_referral;
mod create_partner_link;
mod get_allowed_actions;
mod get_referral;
mod list_file_accesses;
mod list_partner_links;
mod list_referrals;
mod note_appointment;
mod open_file;
mod redeem_partner_link;
mod review_file_access;
mod revoke_partner_link;
mod snapshot_referrals;
mod submit_referral;
mod tell;

pub use account::account;
pub use cancel_referral::CancelReferral;
pub use create_partner_link::CreatePartnerLink;
pub use get_allowed_actions::GetAllowedActions;
pub use get_referral::GetReferral;
pub use list_file_accesses::ListFileAccesses;
pub use list_partner_links::ListPartnerLinks;
pub use list_referrals::ListReferrals;
pub use note_appointment::NoteAppointment;
pub use open_file::{File, OpenFile};
pub use redeem_partner_link::{RedeemPartnerLink, Redeemed};
pub use review_file_access::ReviewFileAccess;
pub use revoke_partner_link::RevokePartnerLink;
pub use snapshot_referrals::snapshot_referrals;
pub use submit_referral::SubmitReferral;

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{
    domain::referral::{FileAccess, Referral, partner_link::PartnerLink},
    store::referral,
};

impl From<&Referral> for Subject {
    fn from(referral: &Referral) -> Self {
        Self::from(referral.id).patient(referral.patient)
    }
}

impl From<&PartnerLink> for Subject {
    fn from(link: &PartnerLink) -> Self {
        Self::of(link.id).referral(link.referral)
    }
}

impl From<&FileAccess> for Subject {
    fn from(access: &FileAccess) -> Self {
        access.referral.into_iter().fold(Self::of(access.id), Self::referral)
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
        seen(unit, was)
    }
}

/// What the caller sees of a referral.
fn seen(unit: &Unit<'_>, referral: Referral) -> Result<Referral> {
    let contents = unit.scope()?.contents(&referral.parties);
    Ok(referral.showing(&contents))
}
