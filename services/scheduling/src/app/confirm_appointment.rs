//! Notes that the patient said yes.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::change::{self, Asked};
use crate::domain::{Appointment, confirm};

/// Notes that the patient of a booked appointment will come, as a desk or a social worker was told.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmAppointment(pub Asked);

impl UseCase for ConfirmAppointment {
    type Outcome = Appointment;
    const NAME: &'static str = "confirm_appointment";

    fn asks(&self) -> Subject {
        self.0.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = change::lock(unit, self.0).await?;
        let previous = found.state;
        let next = confirm(found, unit.now())?;
        change::keep(unit, next, previous).await
    }
}
