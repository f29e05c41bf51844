//! Reads a patient record.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};

use crate::{domain::identity::Record, store::identity};

/// Reads a record of the caller's organisation, sealed.
#[derive(Debug, Clone, Copy)]
pub struct GetPatient(pub PatientId);

impl UseCase for GetPatient {
    type Outcome = Record;
    const NAME: &'static str = "get_patient";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Record> {
        let organisation = unit.caller()?.acting_organisation()?;
        unit.audit(self.0);
        identity::get(unit, organisation, self.0).await
    }
}
