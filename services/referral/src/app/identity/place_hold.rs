//! Says that a record must be kept.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::PatientId,
};
use uuid::Uuid;

use crate::{
    domain::identity::{Hold, HoldReason},
    store::identity,
};

/// Places a hold on a record of the caller's organisation.
#[derive(Debug, Clone, Copy)]
pub struct PlaceHold {
    /// The hold's id, drawn before anything is stored.
    pub id: Uuid,
    /// The record.
    pub patient: PatientId,
    /// Why.
    pub reason: HoldReason,
    /// Until when; none: until it is lifted.
    pub end_time: Option<DateTime<Utc>>,
}

impl UseCase for PlaceHold {
    type Outcome = Hold;
    const NAME: &'static str = "place_hold";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Hold> {
        let organisation = unit.caller()?.acting_organisation()?;
        let now = unit.now();
        if self.end_time.is_some_and(|end| end <= now) {
            return Err(Error::invalid(vec![Violation::new("hold.end_time", "must lie ahead")]));
        }
        // An erasure under way comes before or after, never in between.
        identity::lock(unit, organisation, &[self.patient]).await?;
        let hold = Hold {
            id: self.id,
            patient: self.patient,
            reason: self.reason,
            create_time: now,
            end_time: self.end_time,
            lift_time: None,
        };
        identity::insert_hold(unit, organisation, &hold).await?;
        unit.audit(self.patient);
        Ok(hold)
    }
}
