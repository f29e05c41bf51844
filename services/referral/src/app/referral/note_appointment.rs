//! Notes what scheduling told of a referral's appointment.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    error::Kind,
    ids::{AppointmentId, ReferralId, ResourceId},
};

use crate::{domain::referral::AppointmentState, store::referral::AppointmentNotes};

/// Notes an appointment on its referral.
#[derive(Debug, Clone, Copy)]
pub struct NoteAppointment {
    referral: ReferralId,
    appointment: AppointmentId,
    state: AppointmentState,
}

impl NoteAppointment {
    /// Of an event's names.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when they are none: the message is parked.
    pub fn try_new(referral: &str, appointment: &str, state: AppointmentState) -> Result<Self> {
        let names = ReferralId::parse(referral).zip(AppointmentId::parse(appointment));
        let unreadable = || Error::new(Kind::InvalidArgument, "NAME_UNREADABLE", "the event's names are none");
        let (referral, appointment) = names.ok_or_else(unreadable)?;
        Ok(Self { referral, appointment, state })
    }
}

impl UseCase for NoteAppointment {
    type Outcome = ();
    const NAME: &'static str = "note_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.audit(self.referral);
        unit.later::<AppointmentNotes>().note(self.referral, self.appointment, self.state);
        Ok(())
    }
}
