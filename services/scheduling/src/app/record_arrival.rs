//! Notes that the patient is there.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::change::{self, Asked};
use crate::domain::{Appointment, arrive};

/// Notes that the patient of a booked appointment is there.
#[derive(Debug, Clone, Copy)]
pub struct RecordArrival(pub Asked);

impl UseCase for RecordArrival {
    type Outcome = Appointment;
    const NAME: &'static str = "record_arrival";

    fn asks(&self) -> Subject {
        self.0.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = change::lock(unit, self.0).await?;
        let previous = found.state;
        let next = arrive(found, unit.now())?;
        change::keep(unit, next, previous).await
    }
}
