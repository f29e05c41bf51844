//! Enters a registration of a practitioner.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{self, UseCase},
};

use super::ensure_administers;
use crate::{
    domain::network::{Identifier, Registration, RegistrationName},
    store::network,
};

/// Enters a registration.
#[derive(Debug, Clone)]
pub struct AddRegistration {
    /// Whose it is, and its id, drawn before anything is stored.
    pub name: RegistrationName,
    /// The register and the number there.
    pub identifier: Identifier,
    /// The first day; none: since before anybody asks.
    pub start: Option<NaiveDate>,
}

impl UseCase for AddRegistration {
    type Outcome = Registration;
    const NAME: &'static str = "add_registration";

    fn asks(&self) -> Subject {
        self.name.practitioner.into()
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Registration> {
        ensure_administers(unit.caller()?, self.name.practitioner.organisation)?;
        let registration = Registration {
            name: self.name,
            version: 1,
            identifier: self.identifier.clone(),
            start: self.start,
            end: None,
            create_time: unit.now(),
        };
        network::insert_registration(unit, &registration).await?;
        unit.audit(Subject::of(registration.name));
        Ok(registration)
    }
}
