//! What came out of a request, read again for the same request.

use relais_platform::{
    Result,
    calls::{Recall, idempotency::Outcome},
    database::Unit,
    ids::{DeliveryId, MessageId},
};
use uuid::Uuid;

use super::inbox_of;
use crate::{
    domain::{Message, Preferences},
    store,
};

impl Recall for Message {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version() }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let inbox = inbox_of(unit.caller()?)?;
        let message = store::lock(unit, &inbox, MessageId(outcome.id)).await?.in_version(outcome.version);
        unit.about(&message.referral_number);
        unit.audit(&message);
        Ok(message)
    }
}

/// What a mailbox said that it wants.
#[derive(Debug, Clone)]
pub struct Said {
    /// Under which id.
    pub id: Uuid,
    /// What.
    pub preferences: Preferences,
}

impl Recall for Said {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: self.preferences.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let preferences = store::recall_preferences(unit, outcome.id).await?;
        unit.audit("mailPreferences");
        Ok(Self { id: outcome.id, preferences })
    }
}

/// A delivery that somebody decided on. How it goes on is another matter.
#[derive(Debug, Clone, Copy)]
pub struct Decided(pub DeliveryId);

impl Recall for Decided {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.0.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let delivery = store::get_delivery(unit, DeliveryId(outcome.id)).await?;
        unit.about(&delivery.referral_number);
        unit.audit(&delivery);
        Ok(Self(delivery.id))
    }
}
