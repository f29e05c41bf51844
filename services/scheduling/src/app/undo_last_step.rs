//! Takes back an arrival, a fulfilment or a no-show that was noted in error.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    timers,
};

use super::change::{self, Asked};
use crate::{
    domain::{Appointment, State, UndoReason, supersede, undo},
    store,
    timers::PROPOSE,
};

/// Takes the last step of an appointment back. After a no-show, another one was proposed: it is withdrawn. The referral is held: its
/// end either comes first and refuses this, or finds what is open again and gives it up.
#[derive(Debug, Clone, Copy)]
pub struct UndoLastStep {
    /// Which appointment.
    pub asked: Asked,
    /// Why.
    pub reason: UndoReason,
}

impl UseCase for UndoLastStep {
    type Outcome = Appointment;
    const NAME: &'static str = "undo_last_step";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = change::lock(unit, self.asked).await?;
        let previous = found.state;
        let referral = store::referral::hold(unit, found.referral).await?;
        let referral = referral.ok_or_else(|| Error::not_found(found.referral))?;
        let before = undo(found, &referral, self.reason, unit.now())?;
        if before.state == State::Pending {
            change::await_answer(unit, &before);
        }
        match before.state {
            State::Booked | State::Pending if previous == State::NoShow => withdraw(unit, &before).await?,
            // It never was: its seat is free, and the referral waits for an appointment again.
            State::EnteredInError => {
                store::seat::release(unit, before.id).await?;
                change::propose_soon(unit, before.referral);
            }
            _ => {}
        }
        change::keep(unit, before, previous).await
    }
}

/// Withdraws the appointment that was proposed in the place of this one.
async fn withdraw(unit: &mut Unit<'_>, of: &Appointment) -> Result<()> {
    timers::clear(unit, PROPOSE, of.referral.0).await?;
    let Some(proposed) = store::appointment::find_open(unit, of.referral).await? else {
        return Ok(());
    };
    let previous = proposed.state;
    let superseded = supersede(proposed, unit.now())?;
    change::give_up(unit, &superseded, previous).await
}
