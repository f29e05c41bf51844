//! Opens a patient record.

use relais_platform::{
    Result,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    ids::PatientId,
};

use crate::{domain::identity::Patient, store::identity};

/// Opens a record in the caller's organisation.
#[derive(Debug, Clone, Copy)]
pub struct CreatePatient {
    /// The id, drawn before anything is stored.
    pub id: PatientId,
}

impl UseCase for CreatePatient {
    type Outcome = Patient;
    const NAME: &'static str = "create_patient";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Patient> {
        let organisation = unit.caller()?.acting_organisation()?;
        let patient = Patient { id: self.id, organisation, create_time: unit.now() };
        identity::insert(unit, &patient).await?;
        unit.audit(patient.id);
        Ok(patient)
    }
}

impl Recall for Patient {
    fn outcome(&self) -> Outcome {
        // A record has one version: who the person is changes in the vault.
        Outcome { id: self.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        unit.audit(PatientId::from(outcome.id));
        identity::get(unit, organisation, outcome.id.into()).await
    }
}
