//! Lists sites.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{self, UseCase},
    ids::OrganisationId,
};

use crate::{domain::network::Site, store::network};

/// Lists sites, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListSites {
    /// Whose.
    pub organisation: OrganisationId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListSites {
    type Outcome = Page<Site>;
    const NAME: &'static str = "list_sites";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Page<Site>> {
        let rows = network::list_sites(unit, self.organisation, &self.page).await?;
        Ok(self.page.page(rows, |site| Position { time: site.create_time, id: site.name.id.0 }))
    }
}
