//! Enters an organisation into the directory.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::OrganisationId,
};

use crate::{
    domain::network::{Identifier, Organisation},
    store::network,
};

/// Enters an organisation.
#[derive(Debug, Clone)]
pub struct CreateOrganisation {
    /// The id, drawn before anything is stored.
    pub id: OrganisationId,
    /// The name people read.
    pub display_name: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// In public registers.
    pub identifiers: Vec<Identifier>,
}

impl UseCase for CreateOrganisation {
    type Outcome = Organisation;
    const NAME: &'static str = "create_organisation";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Organisation> {
        let organisation = Organisation {
            id: self.id,
            display_name: self.display_name.clone(),
            country_code: self.country_code.clone(),
            identifiers: self.identifiers.clone(),
            create_time: unit.now(),
            contact: None,
        };
        network::insert_organisation(unit, &organisation).await?;
        unit.audit(organisation.id);
        Ok(organisation)
    }
}
