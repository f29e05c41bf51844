//! Says that a record need not be kept any more.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};
use uuid::Uuid;

use crate::{domain::identity::Hold, store::identity};

/// Lifts a hold of the caller's organisation.
#[derive(Debug, Clone, Copy)]
pub struct LiftHold {
    /// The record.
    pub patient: PatientId,
    /// The hold.
    pub id: Uuid,
}

impl UseCase for LiftHold {
    type Outcome = Hold;
    const NAME: &'static str = "lift_hold";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Hold> {
        let organisation = unit.caller()?.acting_organisation()?;
        let mut hold = identity::get_hold(unit, organisation, self.id).await?;
        if hold.patient != self.patient {
            return Err(Error::not_found("the hold"));
        }
        hold.lift_time = Some(unit.now());
        identity::lift_hold(unit, organisation, &hold).await?;
        unit.audit(hold.patient);
        Ok(hold)
    }
}
