//! Notes that the patient was seen.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::change::{self, Asked};
use crate::domain::{Appointment, fulfil};

/// Notes that the patient who arrived was seen.
#[derive(Debug, Clone, Copy)]
pub struct RecordFulfilment(pub Asked);

impl UseCase for RecordFulfilment {
    type Outcome = Appointment;
    const NAME: &'static str = "record_fulfilment";

    fn asks(&self) -> Subject {
        self.0.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = change::lock(unit, self.0).await?;
        let previous = found.state;
        let next = fulfil(found, unit.now())?;
        change::keep(unit, next, previous).await
    }
}
