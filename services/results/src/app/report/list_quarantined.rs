//! Lists what was put aside, for the provider's desk.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
};

use crate::{domain::report::Report, store::report};

/// Lists the reports of the caller's organisation that are put aside, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListQuarantined {
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListQuarantined {
    type Outcome = Page<Report>;
    const NAME: &'static str = "list_quarantined";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Report>> {
        let rows = report::list_quarantined(unit, &self.page).await?;
        let page = self.page.page(rows, |found| Position { time: found.create_time, id: found.id.0 });
        page.rows.iter().for_each(|found| unit.audit(found));
        Ok(page)
    }
}
