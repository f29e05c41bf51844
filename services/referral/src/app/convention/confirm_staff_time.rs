//! Confirms that staff time was worked: a fact, which no line refuses.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::StaffTimeId,
};

use super::staff_time::{get_to_step, keep_step};
use crate::domain::convention::StaffTime;

/// Turns reserved time into used time.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmStaffTime {
    /// Which.
    pub id: StaffTimeId,
    /// How long it took, in minutes; none: as planned.
    pub minutes: Option<i64>,
}

impl UseCase for ConfirmStaffTime {
    type Outcome = StaffTime;
    const NAME: &'static str = "confirm_staff_time";
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<StaffTime> {
        let (found, agreed) = get_to_step(unit, self.id).await?;
        // Somewhere on Earth that day has begun: the furthest zone is fourteen hours ahead.
        let today = (unit.now() + TimeDelta::hours(14)).date_naive();
        let confirmed = found.confirm(self.minutes, today, unit.now())?;
        let actor = unit.caller()?.key();
        keep_step(unit, &agreed, &confirmed, &actor).await?;
        unit.audit(self.id);
        Ok(confirmed)
    }
}
