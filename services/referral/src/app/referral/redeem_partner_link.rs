//! Opens a partner link, or counts a wrong code.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::PartnerLinkId,
};

use crate::{domain::referral::partner_link::PartnerLink, store::partner_link};

/// Opens a link for whoever has its secret and its code. What does not open it is no error here: the wrong code is counted, and
/// that must be committed.
#[derive(Debug, Clone)]
pub struct RedeemPartnerLink {
    /// The link that the secret names.
    pub id: PartnerLinkId,
    /// What was given.
    pub hashes: partner_link::Hashes,
}

impl UseCase for RedeemPartnerLink {
    type Outcome = Option<PartnerLink>;
    const NAME: &'static str = "redeem_partner_link";
    // Whoever calls acts for no organisation; the statement sees the one link whose secret was given.
    const SYSTEM: bool = true;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<PartnerLink>> {
        let opened = partner_link::redeem(unit, self.id, &self.hashes).await?;
        // One row, whether it opened or not; what it opened is a row of its own.
        unit.audit(self.id);
        if let Some(link) = &opened {
            unit.audit(link.referral);
        }
        Ok(opened)
    }
}
