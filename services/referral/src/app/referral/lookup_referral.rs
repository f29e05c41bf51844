//! Finds a referral by the number that people say.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::seen;
use crate::{
    domain::referral::{Number, Referral},
    store::referral,
};

/// Finds a referral that the caller is a party of.
#[derive(Debug, Clone)]
pub struct LookupReferral(pub Number);

impl UseCase for LookupReferral {
    type Outcome = Referral;
    const NAME: &'static str = "lookup_referral";

    fn about(&self) -> Option<&str> {
        Some(self.0.as_str())
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let found = referral::get_by_number(unit, &self.0).await?;
        unit.audit(&found);
        seen(unit, found)
    }
}
