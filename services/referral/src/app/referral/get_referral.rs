//! Reads a referral.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use super::seen;
use crate::{
    domain::referral::Referral,
    store::{partner_link, referral},
};

/// Reads a referral that the caller is a party of, or that the caller's link opens.
#[derive(Debug, Clone, Copy)]
pub struct GetReferral(pub ReferralId);

impl UseCase for GetReferral {
    type Outcome = Referral;
    const NAME: &'static str = "get_referral";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let open = is_open(unit, self.0).await?;
        let found = referral::get(unit, self.0).await?;
        if !open {
            return Err(Error::not_found(self.0));
        }
        unit.about(found.number.as_str());
        unit.audit(found.id);
        seen(unit, found)
    }
}

/// Whether the caller's link opens it; all others have none.
async fn is_open(unit: &mut Unit<'_>, id: ReferralId) -> Result<bool> {
    match unit.caller()?.grant {
        Some(grant) => Ok(partner_link::is_visited(unit, grant.link, grant.referral).await? && grant.referral == id),
        None => Ok(true),
    }
}
