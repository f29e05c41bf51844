//! Ends a delivery that cannot be sent at all.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::DeliveryId,
};

use super::settle::settle;
use crate::{
    domain::{Outcome, State, next},
    store,
};

/// There is no way to send it: nowhere, or with nothing.
#[derive(Debug, Clone, Copy)]
pub struct FailDelivery {
    /// Which.
    pub id: DeliveryId,
    /// Why.
    pub outcome: Outcome,
}

impl UseCase for FailDelivery {
    type Outcome = ();
    const NAME: &'static str = "fail_delivery";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let delivery = store::lock_delivery(unit, self.id).await?;
        unit.about(&delivery.referral_number);
        if !matches!(delivery.state, State::Queued | State::Sent) {
            return Ok(());
        }
        settle(unit, &delivery, self.outcome, next(self.outcome, delivery.tries)).await
    }
}
