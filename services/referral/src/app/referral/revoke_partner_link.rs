//! Revokes a partner link, and with it what it has opened.

use relais_platform::{
    Result,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    ids::PartnerLinkId,
};

use crate::{domain::referral::partner_link::PartnerLink, store::partner_link};

/// Revokes a link of the caller's organisation; one that is revoked already stays so.
#[derive(Debug, Clone, Copy)]
pub struct RevokePartnerLink(pub PartnerLinkId);

impl UseCase for RevokePartnerLink {
    type Outcome = PartnerLink;
    const NAME: &'static str = "revoke_partner_link";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<PartnerLink> {
        let revoked = partner_link::revoke(unit, self.0).await?;
        unit.audit(revoked.id);
        Ok(revoked)
    }
}

impl Recall for PartnerLink {
    fn outcome(&self) -> Outcome {
        // Revoked is the last state of a link.
        Outcome { id: self.id.0, version: 2 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let link = partner_link::get(unit, outcome.id.into()).await?;
        unit.audit(link.id);
        Ok(link)
    }
}
