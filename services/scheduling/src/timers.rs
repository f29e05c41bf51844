//! What is done when a deadline is due: one arm per kind, each one call of a use case.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    timers::Timer,
};

use crate::app::{AskAgain, ExpireHold, ProposeAgain, RemindPatient, opening::MakeSlots};

/// A hold has run out; its subject is the appointment.
pub const EXPIRE_HOLD: &str = "expire_hold";
/// The convention has not answered for the day of an appointment; its subject is the appointment.
pub const AWAIT: &str = "await_judgement";
/// A patient is to be reminded; its subject is the appointment.
pub const REMIND: &str = "remind_patient";
/// A referral is without an appointment; its subject is the referral.
pub const PROPOSE: &str = "propose_again";
/// Slots of more days are to be made; its subject is the opening rule.
pub const MAKE_SLOTS: &str = "make_slots";

/// Does what a timer is for.
///
/// # Errors
/// The timer is tried again later.
pub async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        EXPIRE_HOLD => ExpireHold(timer.subject.into()).run(unit).await,
        AWAIT => AskAgain(timer.subject.into()).run(unit).await,
        REMIND => RemindPatient(timer.subject.into()).run(unit).await,
        PROPOSE => ProposeAgain(timer.subject.into()).run(unit).await,
        MAKE_SLOTS => MakeSlots(timer.subject.into()).run(unit).await,
        other => Err(Error::internal(anyhow::anyhow!("no timer of this service: {other}"))),
    }
}
