//! Says that two records are of two people.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};
use uuid::Uuid;

use crate::{
    domain::identity::{DismissReason, Dismissal, ensure_active, ensure_dismissible, ensure_pair},
    store::identity,
};

/// Dismisses a pair of records of the caller's organisation, proposed or not.
#[derive(Debug, Clone, Copy)]
pub struct DismissDuplicate {
    /// The dismissal's id, drawn before anything is stored.
    pub id: Uuid,
    /// One record.
    pub patient: PatientId,
    /// The other.
    pub other: PatientId,
    /// How it is known that they are two.
    pub reason: DismissReason,
}

impl UseCase for DismissDuplicate {
    type Outcome = Dismissal;
    const NAME: &'static str = "dismiss_duplicate";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Dismissal> {
        let organisation = unit.caller()?.acting_organisation()?;
        let pair = (self.patient, self.other);
        ensure_pair(self.patient, self.other)?;
        // Of two dismissals at once, whichever way round, one waits here for the other.
        let records = identity::lock(unit, organisation, &[self.patient, self.other]).await?;
        records.iter().try_for_each(ensure_active)?;
        let standing = identity::find_standing_dismissal(unit, organisation, pair).await?;
        let same_qualified = identity::have_same_qualified(unit, organisation, pair).await?;
        ensure_dismissible(standing.as_ref(), same_qualified)?;
        let dismissal = Dismissal {
            id: self.id,
            patient: self.patient,
            other: self.other,
            reason: self.reason,
            dismiss_time: unit.now(),
            end_time: None,
        };
        identity::insert_dismissal(unit, organisation, &dismissal).await?;
        unit.audit(self.patient);
        unit.audit(self.other);
        Ok(dismissal)
    }
}
