//! Notes that the patient did not come.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::change::{self, Asked};
use crate::domain::{Appointment, miss};

/// Notes that the patient did not come; another appointment is proposed while the referral is open.
#[derive(Debug, Clone, Copy)]
pub struct RecordNoShow(pub Asked);

impl UseCase for RecordNoShow {
    type Outcome = Appointment;
    const NAME: &'static str = "record_no_show";

    fn asks(&self) -> Subject {
        self.0.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let found = change::lock(unit, self.0).await?;
        let previous = found.state;
        let next = miss(found, unit.now())?;
        change::propose_soon(unit, next.referral);
        change::keep(unit, next, previous).await
    }
}
