//! Asks for the convention's judgement again, when the answer takes long.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::AppointmentId,
};

use super::change;
use crate::{
    domain::{Appointment, OVERDUE, State, ask},
    store,
};

/// Asks again for an appointment that still waits: once, and both sides are told. Its seat stays, however long it takes; the question
/// waits in the queue, or is parked where an operator sees it.
#[derive(Debug, Clone, Copy)]
pub struct AskAgain(pub AppointmentId);

impl UseCase for AskAgain {
    type Outcome = ();
    const NAME: &'static str = "ask_again";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(found) = store::appointment::find(unit, self.0).await? else { return Ok(()) };
        if found.state != State::Pending {
            return Ok(());
        }
        unit.about(&found.referral_number);
        let next = ask(found, OVERDUE, unit.now());
        change::write(unit, &next, State::Pending).await
    }
}

/// Asks for an appointment that has its seat.
pub(super) async fn ask_for(unit: &mut Unit<'_>, seated: Appointment, reason: &str) -> Result<()> {
    let previous = seated.state;
    let next = ask(seated, reason, unit.now());
    change::await_answer(unit, &next);
    change::write(unit, &next, previous).await
}
