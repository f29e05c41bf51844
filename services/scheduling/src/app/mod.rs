//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod account;
mod cancel_appointment;
mod forget_patient;
mod get_appointment;
mod holdings;
mod list_appointments;
mod note_opened_file;
mod open_appointment;
mod snapshot_appointments;

pub use account::account;
pub use cancel_appointment::CancelAppointment;
pub use forget_patient::ForgetPatient;
pub use get_appointment::GetAppointment;
pub use holdings::holdings;
pub use list_appointments::ListAppointments;
pub use note_opened_file::NoteOpenedFile;
pub use open_appointment::OpenAppointment;
pub use snapshot_appointments::snapshot_appointments;

use relais_platform::audit::Subject;

use crate::domain::Appointment;

impl From<&Appointment> for Subject {
    fn from(appointment: &Appointment) -> Self {
        let subject = Self::of(appointment.id).referral(appointment.referral);
        appointment.patient.into_iter().fold(subject, Self::patient)
    }
}
