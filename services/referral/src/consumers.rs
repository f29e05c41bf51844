//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored},
    database::{Unit, UseCase},
    events::Event,
};

use crate::{Referral, app::referral::NoteAppointment, domain::referral::AppointmentState};

impl Handler for Referral {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::AppointmentProposed(told) => {
                NoteAppointment::try_new(&told.referral, &told.appointment, AppointmentState::Proposed)?.run(unit).await
            }
            Event::AppointmentCancelled(told) => {
                NoteAppointment::try_new(&told.referral, &told.appointment, AppointmentState::Cancelled)?
                    .run(unit)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// The last event of an appointment tells all that is kept of it.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        let (state, referral, appointment) = match restored.events.last() {
            Some(Event::AppointmentProposed(told)) => (AppointmentState::Proposed, &told.referral, &told.appointment),
            Some(Event::AppointmentCancelled(told)) => (AppointmentState::Cancelled, &told.referral, &told.appointment),
            _ => return Ok(()),
        };
        NoteAppointment::try_new(referral, appointment, state)?.run(unit).await
    }
}
