//! Has a delivery wait for whom it needs.

use std::time::Duration;

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use crate::{domain::Delivery, store};

/// Nobody could say where the recipient is reached: that is no attempt, and the delivery waits.
#[derive(Debug, Clone)]
pub struct PostponeDelivery {
    /// Which, as it was claimed.
    pub delivery: Delivery,
    /// How long until it is tried again.
    pub after: Duration,
}

/// Why it waits.
const REASON: &str = "contact-unavailable";

impl UseCase for PostponeDelivery {
    type Outcome = ();
    const NAME: &'static str = "postpone_delivery";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.about(&self.delivery.referral_number);
        store::wait(unit, &self.delivery, REASON, self.after).await
    }
}
