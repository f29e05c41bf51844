//! Opens a patient record.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::PatientId,
};

use super::{Vault, twins};
use crate::{
    domain::identity::{Person, Record, State, ensure_traits_agree},
    store::identity,
};

/// Opens a record in the caller's organisation, with or without saying who the person is.
#[derive(Debug, Clone)]
pub struct CreatePatient {
    /// Its id, drawn before anything is stored.
    pub id: PatientId,
    /// Who the person is.
    pub person: Option<Person>,
    /// Seals the person.
    pub vault: Vault,
}

impl UseCase for CreatePatient {
    type Outcome = Record;
    const NAME: &'static str = "create_patient";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Record> {
        let organisation = unit.caller()?.acting_organisation()?;
        let now = unit.now();
        let mut record = Record {
            id: self.id,
            organisation,
            state: State::Active,
            merged_into: None,
            version: 1,
            create_time: now,
            update_time: now,
            person: None,
        };
        unit.audit(record.id);
        let Some(person) = &self.person else {
            identity::insert(unit, &record).await?;
            return Ok(record);
        };
        ensure_traits_agree(person)?;
        let key = self.vault.key(unit, organisation).await?;
        record.person = Some(key.seal(record.id, record.version, person, None)?);
        identity::insert(unit, &record).await?;
        twins::note(unit, &key, (organisation, record.id), person).await?;
        Ok(record)
    }
}
