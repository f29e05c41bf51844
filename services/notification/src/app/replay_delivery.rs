//! Has a delivery tried once more.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::DeliveryId,
};

use super::recall::Decided;
use crate::store;

/// Tries a delivery again from the start that has failed or is parked.
#[derive(Debug, Clone, Copy)]
pub struct ReplayDelivery(pub DeliveryId);

impl UseCase for ReplayDelivery {
    type Outcome = Decided;
    const NAME: &'static str = "replay_delivery";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Decided> {
        let delivery = store::of_caller(unit, self.0).await?;
        unit.about(&delivery.referral_number);
        let rules = [
            (delivery.is_replayable(), "delivery-failed-or-parked", "it has neither failed nor is it parked"),
            (!delivery.is_too_late(unit.now()), "delivery-in-time", "what it tells of is past"),
            (!delivery.withdrawn, "appointment-unchanged", "the patient is not expected at that time any more"),
        ];
        let broken = rules.into_iter().filter(|(holds, ..)| !holds);
        let broken: Vec<_> = broken.map(|(_, rule, sentence)| Violation::new(rule, sentence)).collect();
        if !broken.is_empty() {
            return Err(Error::refused("DELIVERY_NOT_REPLAYABLE", broken));
        }
        store::replay(unit, delivery.id).await?;
        unit.audit(&delivery);
        Ok(Decided(delivery.id))
    }
}
