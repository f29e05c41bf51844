//! Gives staff time back.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::StaffTimeId,
};

use super::staff_time::{get_to_step, keep_step};
use crate::domain::convention::StaffTime;

/// Gives back what was reserved, or confirmed by mistake.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseStaffTime(pub StaffTimeId);

impl UseCase for ReleaseStaffTime {
    type Outcome = StaffTime;
    const NAME: &'static str = "release_staff_time";
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<StaffTime> {
        let (found, agreed) = get_to_step(unit, self.0).await?;
        let released = found.release(unit.now())?;
        let actor = unit.caller()?.key();
        keep_step(unit, &agreed, &released, &actor).await?;
        unit.audit(self.0);
        Ok(released)
    }
}
