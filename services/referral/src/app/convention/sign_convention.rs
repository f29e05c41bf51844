//! Signs a convention: from then on referrals are judged by it.

use chrono::{NaiveDate, TimeDelta};
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
        // Somewhere on Earth that day has begun: the furthest zone is fourteen hours ahead.
        let today = (unit.now() + TimeDelta::hours(14)).date_naive();
        let signed = sign(draft, self.signature_date, today)?;
        convention::save_signature(unit, &signed).await?;
        unit.audit(signed.id);
        Ok(signed)
    }
}
