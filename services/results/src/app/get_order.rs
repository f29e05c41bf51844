//! Reads an order.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::OrderId,
};

use crate::{domain::Order, store};

/// Reads an order of a referral that the caller is a party of, or whose file the caller opened.
#[derive(Debug, Clone, Copy)]
pub struct GetOrder(pub OrderId);

impl UseCase for GetOrder {
    type Outcome = Order;
    const NAME: &'static str = "get_order";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Order> {
        let found = store::get(unit, self.0).await?;
        unit.about(&found.referral_number);
        let purpose = store::find_purpose(unit, found.referral).await?;
        unit.audit(Subject::from(&found).purpose(purpose.unwrap_or_default()));
        Ok(found)
    }
}
