//! Moves a booked appointment to another slot.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::SlotId,
};

use super::{
    book_appointment::take,
    change::{self, Asked},
};
use crate::{
    domain::{Appointment, ensure_offered, ensure_open, reschedule},
    store,
};

/// Gives back the seat of an appointment and takes one of another slot, both or neither. An answer of the convention to what was asked
/// for the old time is stale from then on.
#[derive(Debug, Clone, Copy)]
pub struct RescheduleAppointment {
    /// Which appointment.
    pub asked: Asked,
    /// The new slot.
    pub slot: SlotId,
    /// How long before it the patient is reminded.
    pub lead: TimeDelta,
}

impl UseCase for RescheduleAppointment {
    type Outcome = Appointment;
    const NAME: &'static str = "reschedule_appointment";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let booked = change::lock(unit, self.asked).await?;
        let referral = change::referral_of(unit, &booked).await?;
        ensure_open(&booked, &referral, unit.now())?;
        let offer = store::slot::get_offer(unit, self.slot, &referral).await?;
        ensure_offered(&offer, unit.now())?;
        let previous = booked.state;
        let moved = reschedule(&referral.covered, booked, offer.time.clone(), unit.now())?;
        take(unit, &moved, &offer).await?;
        change::follow_up(unit, &moved, self.lead).await?;
        change::keep(unit, moved, previous).await
    }
}
