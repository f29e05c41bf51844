//! Lists organisations.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{self, UseCase},
};

use crate::{domain::network::Organisation, store::network};

/// Lists organisations, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListOrganisations {
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListOrganisations {
    type Outcome = Page<Organisation>;
    const NAME: &'static str = "list_organisations";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Page<Organisation>> {
        let rows = network::list_organisations(unit, &self.page).await?;
        Ok(self.page.page(rows, |organisation| Position { time: organisation.create_time, id: organisation.id.0 }))
    }
}
