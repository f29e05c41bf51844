//! Gives up a booked or pending appointment, or a held seat, by either side.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{
    change::{self, Asked},
    seen,
};
use crate::{
    domain::{Appointment, CancelReason, cancel},
    store,
};

/// Gives up an appointment that has a seat; of one for which a seat is only held, that.
#[derive(Debug, Clone, Copy)]
pub struct CancelAppointment {
    /// Which appointment.
    pub asked: Asked,
    /// Why.
    pub reason: CancelReason,
}

impl UseCase for CancelAppointment {
    type Outcome = Appointment;
    const NAME: &'static str = "cancel_appointment";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let open = change::lock(unit, self.asked).await?;
        if open.live_hold(unit.now()).is_some() {
            store::seat::release(unit, open.id).await?;
            unit.audit(&open);
            return seen(unit, Appointment { hold: None, ..open });
        }
        let (previous, by) = (open.state, unit.caller()?.acting_organisation()?);
        let cancelled = cancel(open, self.reason, by, unit.now())?;
        change::give_up(unit, &cancelled, previous).await?;
        change::propose_soon(unit, cancelled.referral);
        seen(unit, cancelled)
    }
}
