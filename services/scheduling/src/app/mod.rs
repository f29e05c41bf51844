//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod account;
mod ask_again;
mod book_appointment;
mod cancel_appointment;
mod change;
mod confirm_appointment;
mod end_appointment;
mod expire_hold;
mod follow_referral;
mod get_appointment;
mod hear_judgement;
mod hold_slot;
mod holdings;
mod list_appointments;
mod note_opened_file;
mod open_appointment;
pub mod opening;
mod propose_again;
mod record_arrival;
mod record_fulfilment;
mod record_no_show;
mod register_walk_in;
mod remind_patient;
mod reschedule_appointment;
mod search_slots;
mod snapshot_appointments;
mod take_over_site;
mod tell;
mod undo_last_step;

pub use account::account;
pub use ask_again::AskAgain;
pub use book_appointment::BookAppointment;
pub use cancel_appointment::CancelAppointment;
pub use change::Asked;
pub use confirm_appointment::ConfirmAppointment;
pub use end_appointment::EndAppointment;
pub use expire_hold::ExpireHold;
pub use follow_referral::FollowReferral;
pub use get_appointment::GetAppointment;
pub use hear_judgement::HearJudgement;
pub use hold_slot::{Held, HoldSlot};
pub use holdings::holdings;
pub use list_appointments::ListAppointments;
pub use note_opened_file::NoteOpenedFile;
pub use open_appointment::OpenAppointment;
pub use propose_again::ProposeAgain;
pub use record_arrival::RecordArrival;
pub use record_fulfilment::RecordFulfilment;
pub use record_no_show::RecordNoShow;
pub use register_walk_in::RegisterWalkIn;
pub use remind_patient::RemindPatient;
pub use reschedule_appointment::RescheduleAppointment;
pub use search_slots::{Page, SearchSlots, Shown, Told};
pub use snapshot_appointments::snapshot_appointments;
pub use take_over_site::TakeOverSite;
pub use undo_last_step::UndoLastStep;

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{domain::Appointment, store};

impl From<&Appointment> for Subject {
    fn from(appointment: &Appointment) -> Self {
        let subject = Self::of(appointment.id).referral(appointment.referral);
        appointment.patient.into_iter().fold(subject, Self::patient)
    }
}

impl Recall for Appointment {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let was = store::appointment::get_at(unit, outcome.id.into(), Some(outcome.version)).await?;
        unit.about(&was.referral_number);
        unit.audit(&was);
        // What is held now was not held then: a hold is an outcome of its own.
        seen(unit, Self { hold: None, ..was })
    }
}

/// What the caller sees of an appointment.
fn seen(unit: &Unit<'_>, appointment: Appointment) -> Result<Appointment> {
    let contents = unit.scope()?.contents(&appointment.parties);
    Ok(appointment.seen_with(|content| contents.contains(&content)))
}
