//! Reads an appointment.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::AppointmentId,
};

use super::seen;
use crate::{domain::Appointment, store};

/// Reads an appointment of a referral that the caller is a party of, or whose file the caller opened.
#[derive(Debug, Clone, Copy)]
pub struct GetAppointment(pub AppointmentId);

impl UseCase for GetAppointment {
    type Outcome = Appointment;
    const NAME: &'static str = "get_appointment";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = store::appointment::get_or_opened(unit, self.0).await?;
        unit.about(&found.referral_number);
        let purpose = store::find_purpose(unit, found.referral).await?;
        unit.audit(Subject::from(&found).purpose(purpose.unwrap_or_default()));
        seen(unit, found)
    }
}
