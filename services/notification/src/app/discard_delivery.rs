//! Gives a delivery up.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::DeliveryId,
};

use super::recall::Decided;
use crate::{domain::State, store};

/// Gives up a delivery that waits, has failed or is parked.
#[derive(Debug, Clone, Copy)]
pub struct DiscardDelivery(pub DeliveryId);

impl UseCase for DiscardDelivery {
    type Outcome = Decided;
    const NAME: &'static str = "discard_delivery";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Decided> {
        let delivery = store::of_caller(unit, self.0).await?;
        unit.about(&delivery.referral_number);
        if !delivery.is_discardable() {
            let rule = Violation::new("delivery-open", "it is on its way, or has come to an end");
            return Err(Error::refused("DELIVERY_NOT_DISCARDABLE", vec![rule]));
        }
        store::save_delivery(unit, delivery.id, State::Discarded, &delivery.reason).await?;
        unit.audit(&delivery);
        Ok(Decided(delivery.id))
    }
}
