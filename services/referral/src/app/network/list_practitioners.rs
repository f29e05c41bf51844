//! Lists practitioners.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{self, UseCase},
    ids::OrganisationId,
};

use crate::{domain::network::Practitioner, store::network};

/// Lists practitioners, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListPractitioners {
    /// Whose.
    pub organisation: OrganisationId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListPractitioners {
    type Outcome = Page<Practitioner>;
    const NAME: &'static str = "list_practitioners";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Page<Practitioner>> {
        let rows = network::list_practitioners(unit, self.organisation, &self.page).await?;
        Ok(self.page.page(rows, |practitioner| Position { time: practitioner.create_time, id: practitioner.name.id.0 }))
    }
}
