//! Reads a referral.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{domain::referral::Referral, store::referral};

/// Reads a referral that the caller is a party of.
#[derive(Debug, Clone, Copy)]
pub struct GetReferral(pub ReferralId);

impl UseCase for GetReferral {
    type Outcome = Referral;
    const NAME: &'static str = "get_referral";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let found = referral::get(unit, self.0).await?;
        unit.about(found.number.as_str());
        unit.audit(&found);
        Ok(found)
    }
}
