//! Takes a delivery that is due.

use std::time::Duration;

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::DeliveryId,
};

use super::settle::settle;
use crate::{
    domain::{Delivery, Language, Next, Outcome, Purpose, State},
    store,
};

/// Takes a delivery for so long. If nothing more is heard of it, it is due again.
#[derive(Debug, Clone, Copy)]
pub struct ClaimDelivery {
    /// Which.
    pub id: DeliveryId,
    /// For how long, of the machine's time.
    pub lease: Duration,
}

/// What was taken.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The delivery.
    pub delivery: Delivery,
    /// The language that its mailbox asked for; none for a patient's.
    pub language: Option<Language>,
}

impl UseCase for ClaimDelivery {
    /// None when another has it, or nothing is left to be done.
    type Outcome = Option<Claimed>;
    const NAME: &'static str = "claim_delivery";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<Claimed>> {
        let Some(delivery) = store::claim(unit, self.id, self.lease).await? else { return Ok(None) };
        unit.about(&delivery.referral_number);
        if delivery.withdrawn {
            // That the appointment changed is told by its own event.
            store::save_delivery(unit, delivery.id, State::Discarded, Delivery::WITHDRAWN).await?;
            unit.audit(&delivery);
            return Ok(None);
        }
        if delivery.is_too_late(unit.now()) {
            settle(unit, &delivery, Outcome::TooLate, Next::Failed).await?;
            return Ok(None);
        }
        let language = match delivery.purpose {
            // A patient reads another language than whoever answers for the reminder.
            Purpose::Reminder => None,
            Purpose::Message | Purpose::Digest => store::get_preferences(unit, delivery.mailbox).await?.language,
        };
        Ok(Some(Claimed { delivery, language }))
    }
}
