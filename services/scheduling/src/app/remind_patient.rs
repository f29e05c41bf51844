//! Says that a patient is to be reminded.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::AppointmentId,
};

use super::tell::tell_reminder;
use crate::{domain::remind, store};

/// Says so of a booked appointment that is to come, once for each of its times.
#[derive(Debug, Clone, Copy)]
pub struct RemindPatient(pub AppointmentId);

impl UseCase for RemindPatient {
    type Outcome = ();
    const NAME: &'static str = "remind_patient";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let found = store::appointment::find(unit, self.0).await?;
        let Some(next) = found.and_then(|found| remind(found, unit.now())) else {
            return Ok(());
        };
        if !store::appointment::note_reminded(unit, self.0).await? {
            return Ok(());
        }
        unit.about(&next.referral_number);
        store::appointment::save(unit, &next).await?;
        tell_reminder(unit, &next);
        unit.audit(&next);
        Ok(())
    }
}
