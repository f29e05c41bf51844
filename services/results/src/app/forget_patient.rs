//! Forgets whose orders they are: the patient's record was erased.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::PatientId,
};
use relais_proto::events::v1;

use crate::store;

/// Forgets a patient's record. What stays names a referral, and nobody.
#[derive(Debug, Clone, Copy)]
pub struct ForgetPatient(PatientId);

impl ForgetPatient {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's name is none: the message is parked.
    pub fn try_new(told: &v1::ErasureMade) -> Result<Self> {
        let mut check = Check::default();
        let patient = check.name("patient", &told.patient);
        check.finish().map(|()| Self(patient))
    }
}

impl UseCase for ForgetPatient {
    type Outcome = ();
    const NAME: &'static str = "forget_patient";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        // What an earlier message of the same batch opened must be there to be found.
        unit.settle().await?;
        store::forget_patient(unit, self.0).await?;
        unit.audit(self.0);
        Ok(())
    }
}
