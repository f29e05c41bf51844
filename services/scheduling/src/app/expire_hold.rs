//! Gives back a seat whose hold has run out.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::AppointmentId,
};

use crate::store;

/// Gives back the seat of an appointment, unless it was booked or held anew meanwhile. Whoever books next would do the same: this
/// keeps the table small.
#[derive(Debug, Clone, Copy)]
pub struct ExpireHold(pub AppointmentId);

impl UseCase for ExpireHold {
    type Outcome = ();
    const NAME: &'static str = "expire_hold";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        store::seat::expire(unit, self.0).await?;
        unit.audit(self.0);
        Ok(())
    }
}
