//! Enters a practitioner into the directory.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::{Child, PractitionerId},
};

use super::ensure_administers;
use crate::{
    domain::network::{Identifier, Practitioner, Registration, RegistrationName},
    store::network,
};

/// Enters a practitioner.
#[derive(Debug, Clone)]
pub struct CreatePractitioner {
    /// Its organisation and id, the id drawn before anything is stored.
    pub name: Child<PractitionerId>,
    /// The name people read.
    pub display_name: String,
    /// The registration that licenses.
    pub registration: Identifier,
}

impl UseCase for CreatePractitioner {
    type Outcome = Practitioner;
    const NAME: &'static str = "create_practitioner";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Practitioner> {
        ensure_administers(unit.caller()?, self.name.organisation)?;
        let practitioner = Practitioner {
            name: self.name,
            display_name: self.display_name.clone(),
            registration: self.registration.clone(),
            create_time: unit.now(),
            registrations: vec![Registration {
                name: RegistrationName { practitioner: self.name, id: self.name.id.0 },
                version: 1,
                identifier: self.registration.clone(),
                start: None,
                end: None,
                create_time: unit.now(),
            }],
        };
        network::insert_practitioner(unit, &practitioner).await?;
        unit.audit(practitioner.name);
        Ok(practitioner)
    }
}
