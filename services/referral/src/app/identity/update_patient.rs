//! Changes who a person is.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};

use super::{Vault, twins};
use crate::{
    domain::identity::{Person, PersonField, Record, ensure_active, ensure_traits_agree},
    store::identity,
};

/// Takes over fields of a person into a record of the caller's organisation.
#[derive(Debug, Clone)]
pub struct UpdatePatient {
    /// Which record.
    pub id: PatientId,
    /// Where the fields come from.
    pub given: Person,
    /// Which fields.
    pub fields: Vec<PersonField>,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
    /// Opens and seals the person.
    pub vault: Vault,
}

impl UseCase for UpdatePatient {
    type Outcome = Record;
    const NAME: &'static str = "update_patient";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Record> {
        let organisation = unit.caller()?.acting_organisation()?;
        let locked = identity::lock(unit, organisation, &[self.id]).await?.pop();
        let record = locked.ok_or_else(|| Error::not_found(self.id))?;
        ensure_active(&record)?;
        if self.seen.is_some_and(|seen| seen != record.version) {
            return Err(Error::stale_etag());
        }
        let key = self.vault.key(unit, organisation).await?;
        let before = key.open(record)?;
        let person = before.person.unwrap_or_default().with(self.given.clone(), &self.fields);
        person.fault().map_or(Ok(()), |fault| Err(Error::invalid(vec![fault])))?;
        ensure_traits_agree(&person)?;
        let mut record = before.record;
        record.version += 1;
        record.update_time = unit.now();
        record.person = Some(key.seal(record.id, record.version, &person, record.person.as_ref())?);
        identity::save(unit, &record).await?;
        twins::note(unit, &key, (organisation, record.id), &person).await?;
        unit.audit(record.id);
        Ok(record)
    }
}
