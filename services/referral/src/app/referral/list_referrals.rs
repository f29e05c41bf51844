//! Lists referrals.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
};

use super::seen;
use crate::{
    domain::referral::Referral,
    store::referral::{self, Filter},
};

/// Lists the referrals that the caller is a party of, the most recent first.
#[derive(Debug, Clone)]
pub struct ListReferrals {
    /// What they are narrowed to.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListReferrals {
    type Outcome = Page<Referral>;
    const NAME: &'static str = "list_referrals";

    fn asks(&self) -> Subject {
        self.filter.patient.map(Subject::from).unwrap_or_default()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Referral>> {
        let ids = referral::list_ids(unit, &self.filter, &self.page).await?;
        let rows = referral::list_by_id(unit, &ids, None).await?;
        let rows = rows.into_iter().map(|row| seen(unit, row)).collect::<Result<Vec<_>>>()?;
        let page = self.page.page(rows, |referral| Position { time: referral.create_time, id: referral.id.0 });
        page.rows.iter().for_each(|referral| unit.audit(referral));
        Ok(page)
    }
}
