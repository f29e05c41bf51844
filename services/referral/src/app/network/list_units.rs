//! Lists units.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{self, UseCase},
    ids::OrganisationId,
};

use crate::{domain::network::Unit, store::network};

/// Lists units, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListUnits {
    /// Whose.
    pub organisation: OrganisationId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListUnits {
    type Outcome = Page<Unit>;
    const NAME: &'static str = "list_units";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Page<Unit>> {
        let rows = network::list_units(unit, self.organisation, &self.page).await?;
        Ok(self.page.page(rows, |unit| Position { time: unit.create_time, id: unit.name.id.0 }))
    }
}
