//! Lists pairs of records that may be of one person.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::PatientId,
};

use crate::{domain::identity::Duplicate, store::identity};

/// Lists pairs of the caller's organisation, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListDuplicates {
    /// Of this record alone.
    pub patient: Option<PatientId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListDuplicates {
    type Outcome = Page<Duplicate>;
    const NAME: &'static str = "list_duplicates";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Duplicate>> {
        let organisation = unit.caller()?.acting_organisation()?;
        let rows = identity::list_duplicates(unit, organisation, self.patient, &self.page).await?;
        let page = self.page.page(rows, |pair| Position { time: pair.create_time, id: pair.id });
        for pair in &page.rows {
            unit.audit(pair.patient);
            unit.audit(pair.other);
        }
        Ok(page)
    }
}
