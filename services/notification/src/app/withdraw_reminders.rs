//! Takes back reminders of times that an appointment has no more.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::AppointmentId,
};

use crate::store;

/// Takes back what was still to remind of other times than the one at which the patient is expected. What was sent was sent. A time
/// that the appointment has again is reminded of after all, unless it was before.
#[derive(Debug, Clone, Copy)]
pub struct WithdrawReminders {
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// When the patient is expected; none: not any more.
    pub expected: Option<DateTime<Utc>>,
}

impl UseCase for WithdrawReminders {
    type Outcome = ();
    const NAME: &'static str = "withdraw_reminders";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        // What an earlier message of the same batch queued must be there to be found.
        unit.settle().await?;
        let changed = store::withdraw_reminders(unit, self.appointment, self.expected).await?;
        changed.iter().for_each(|delivery| unit.audit(delivery));
        Ok(())
    }
}
