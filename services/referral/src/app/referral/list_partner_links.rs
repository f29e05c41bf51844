//! Lists partner links.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    domain::referral::partner_link::PartnerLink,
    store::{partner_link, referral},
};

/// Lists the links to a referral that the caller's organisation has made, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListPartnerLinks {
    /// The referral.
    pub referral: ReferralId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListPartnerLinks {
    type Outcome = Page<PartnerLink>;
    const NAME: &'static str = "list_partner_links";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<PartnerLink>> {
        let of = referral::get(unit, self.referral).await?;
        unit.about(of.number.as_str());
        unit.audit(of.id);
        let rows = partner_link::list(unit, of.id, &self.page).await?;
        Ok(self.page.page(rows, |link| Position { time: link.create_time, id: link.id.0 }))
    }
}
