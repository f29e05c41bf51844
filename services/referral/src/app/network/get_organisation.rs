//! Reads an organisation.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::OrganisationId,
};

use crate::{domain::network::Organisation, store::network};

/// Reads an organisation; the directory is open to every caller.
#[derive(Debug, Clone, Copy)]
pub struct GetOrganisation(pub OrganisationId);

impl UseCase for GetOrganisation {
    type Outcome = Organisation;
    const NAME: &'static str = "get_organisation";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Organisation> {
        network::get_organisation(unit, self.0).await
    }
}
