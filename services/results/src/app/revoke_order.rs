//! Withdraws the order of a referral that was cancelled.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::ReferralId,
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::tell::order_revoked;
use crate::{
    domain::revoke,
    store::{self, PartyLists, referral},
};

/// Withdraws a referral's order, if it has an open one.
#[derive(Debug, Clone)]
pub struct RevokeOrder {
    referral: ReferralId,
    parties: Vec<Party>,
}

impl RevokeOrder {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralCancelled) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { referral, parties })
    }
}

impl UseCase for RevokeOrder {
    type Outcome = ();
    const NAME: &'static str = "revoke_order";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        // What an earlier message of the same batch opened must be there to be found.
        unit.settle().await?;
        referral::save_state(unit, self.referral, "cancelled").await?;
        withdraw_order(unit, self.referral).await
    }
}

/// Withdraws what is still asked for a referral, if anything is.
pub(super) async fn withdraw_order(unit: &mut Unit<'_>, referral: ReferralId) -> Result<()> {
    let open = store::find_open(unit, referral).await?;
    let Some(revoked) = open.and_then(|open| revoke(open, unit.now())) else {
        return Ok(());
    };
    store::save(unit, &revoked).await?;
    unit.emit(revoked.id, revoked.version, order_revoked(&revoked));
    unit.audit(&revoked);
    Ok(())
}
