//! Cancels a referral, by its referrer.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ReferralId,
    parties::ensure_acts,
};

use super::tell::tell;
use crate::{
    domain::referral::{CancelReason, Referral, cancel},
    store::referral,
};

/// Cancels a referral that the caller's organisation sent.
#[derive(Debug, Clone, Copy)]
pub struct CancelReferral {
    /// Which.
    pub id: ReferralId,
    /// Why.
    pub reason: CancelReason,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for CancelReferral {
    type Outcome = Referral;
    const NAME: &'static str = "cancel_referral";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let open = referral::get(unit, self.id).await?;
        unit.about(open.number.as_str());
        ensure_acts(unit.call()?, &open.parties)?;
        if self.seen.is_some_and(|seen| seen != open.version) {
            return Err(Error::stale_etag());
        }
        let cancelled = cancel(open, unit.now())?;
        referral::save(unit, &cancelled, self.reason.as_str()).await?;
        tell(unit, &cancelled);
        unit.audit(cancelled.id);
        Ok(cancelled)
    }
}
