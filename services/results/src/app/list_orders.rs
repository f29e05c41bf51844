//! Lists orders.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{domain::Order, store};

/// Lists the orders of referrals that the caller is a party of, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListOrders {
    /// Only those of this referral.
    pub referral: Option<ReferralId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListOrders {
    type Outcome = Page<Order>;
    const NAME: &'static str = "list_orders";

    fn asks(&self) -> Subject {
        self.referral.map(Subject::from).unwrap_or_default()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Order>> {
        let (rows, purpose) = match self.referral {
            // The one list that an opened file opens: there is no other way to know what hangs on the referral.
            Some(referral) => {
                (store::list_of(unit, referral, &self.page).await?, store::find_purpose(unit, referral).await?)
            }
            None => (store::list(unit, &self.page).await?, None),
        };
        let purpose = purpose.unwrap_or_default();
        let page = self.page.page(rows, |found| Position { time: found.create_time, id: found.id.0 });
        page.rows.iter().for_each(|found| unit.audit(Subject::from(found).purpose(&purpose)));
        Ok(page)
    }
}
