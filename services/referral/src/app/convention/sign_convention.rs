//! Signs a convention: from then on referrals are judged by it.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::{ensure_keeps, get_for_caller};
use crate::{
    domain::convention::{Convention, sign},
    store::convention,
};

/// Signs a draft.
#[derive(Debug, Clone)]
pub struct SignConvention {
    /// Which.
    pub id: ConventionId,
    /// The day of the signature.
    pub signature_date: NaiveDate,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for SignConvention {
    type Outcome = Convention;
    const NAME: &'static str = "sign_convention";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let draft = get_for_caller(unit, self.id).await?;
        ensure_keeps(unit.caller()?, &draft)?;
        if self.seen.is_some_and(|seen| seen != draft.version) {
            return Err(Error::stale_etag());
        }
        let signed = sign(draft, self.signature_date)?;
        convention::save_signature(unit, &signed).await?;
        unit.audit(signed.id);
        Ok(signed)
    }
}
