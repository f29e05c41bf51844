//! Marks a delivery as on its way.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use crate::{domain::Delivery, store};

/// Commits that a delivery is on its way before it is: so an attempt that nobody lived to note has been counted.
#[derive(Debug, Clone)]
pub struct SendDelivery(pub Delivery);

impl UseCase for SendDelivery {
    /// As it goes out; none when somebody gave it up, or took it, meanwhile.
    type Outcome = Option<Delivery>;
    const NAME: &'static str = "send_delivery";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<Delivery>> {
        unit.about(&self.0.referral_number);
        let sent = store::send(unit, &self.0).await?;
        sent.iter().for_each(|delivery| unit.audit(delivery));
        Ok(sent)
    }
}
