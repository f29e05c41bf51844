//! Notes the appointment that scheduling opened for a referral.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, ReferralId},
};
use relais_proto::events::v1;

use crate::store::referral::OpenedAppointments;

/// Notes an appointment without a time on its referral.
#[derive(Debug, Clone, Copy)]
pub struct NoteOpened {
    referral: ReferralId,
    appointment: AppointmentId,
}

impl NoteOpened {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::AppointmentProposed) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let appointment = check.name("appointment", &told.appointment);
        check.finish().map(|()| Self { referral, appointment })
    }
}

impl UseCase for NoteOpened {
    type Outcome = ();
    const NAME: &'static str = "note_opened";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.audit(self.referral);
        unit.later::<OpenedAppointments>().note(self.referral, self.appointment);
        Ok(())
    }
}
