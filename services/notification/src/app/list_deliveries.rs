//! Lists deliveries.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
};

use crate::{
    domain::{Delivery, State},
    store,
};

/// Lists the deliveries that the caller's organisation answers for, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListDeliveries {
    /// Only those that stand so.
    pub state: Option<State>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListDeliveries {
    type Outcome = Page<Delivery>;
    const NAME: &'static str = "list_deliveries";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Delivery>> {
        let rows = store::list_deliveries(unit, self.state, &self.page).await?;
        let page = self.page.page(rows, |delivery| Position { time: delivery.create_time, id: delivery.id.0 });
        page.rows.iter().for_each(|delivery| unit.audit(delivery));
        Ok(page)
    }
}
