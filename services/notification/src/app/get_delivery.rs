//! Shows a delivery with its attempts.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::DeliveryId,
};

use crate::{
    domain::{Attempt, Delivery},
    store,
};

/// A delivery that the caller's organisation answers for.
#[derive(Debug, Clone, Copy)]
pub struct GetDelivery(pub DeliveryId);

impl UseCase for GetDelivery {
    type Outcome = (Delivery, Vec<Attempt>);
    const NAME: &'static str = "get_delivery";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<(Delivery, Vec<Attempt>)> {
        let delivery = store::get_delivery(unit, self.0).await?;
        unit.about(&delivery.referral_number);
        unit.audit(&delivery);
        let attempts = store::list_attempts(unit, self.0).await?;
        Ok((delivery, attempts))
    }
}
