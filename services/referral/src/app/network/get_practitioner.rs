//! Reads a practitioner.

use relais_platform::{
    Error, Result,
    database::{self, UseCase},
    ids::{Child, PractitionerId},
};

use crate::{domain::network::Practitioner, store::network};

/// Reads a practitioner; the directory is open to every caller.
#[derive(Debug, Clone, Copy)]
pub struct GetPractitioner(pub Child<PractitionerId>);

impl UseCase for GetPractitioner {
    type Outcome = Practitioner;
    const NAME: &'static str = "get_practitioner";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Practitioner> {
        let found = network::find_practitioner(unit, self.0.id).await?;
        found.filter(|practitioner| practitioner.name == self.0).ok_or_else(|| Error::not_found(self.0))
    }
}
