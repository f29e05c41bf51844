//! Reserves staff time for a plan.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
};

use super::{ensure_keeps, get_for_caller, staff_time::keep_step, terms_on::terms_on};
use crate::{
    domain::convention::{StaffTime, plan},
    store::{convention, network},
};

/// Reserves time on a line of staff minutes.
#[derive(Debug, Clone)]
pub struct ReserveStaffTime(pub StaffTime);

impl UseCase for ReserveStaffTime {
    type Outcome = StaffTime;
    const NAME: &'static str = "reserve_staff_time";
    // Meters and staff time are a worker's; whether the caller keeps the convention is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.0.convention)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<StaffTime> {
        let agreed = get_for_caller(unit, self.0.convention).await?;
        ensure_keeps(unit.caller()?, &agreed)?;
        let agreed = terms_on(unit, agreed, (&self.0.line_id, self.0.work_date)).await?;
        plan(&agreed, &self.0)?;
        self.ensure_site(unit).await?;
        let (now, actor) = (unit.now(), unit.caller()?.key());
        let convention_version = agreed.terms_version;
        let planned = StaffTime { convention_version, create_time: now, update_time: now, ..self.0.clone() };
        convention::insert_staff_time(unit, &planned).await?;
        keep_step(unit, &agreed, &planned, &actor).await?;
        unit.audit(planned.id);
        Ok(planned)
    }
}

impl ReserveStaffTime {
    /// Terms that name no site are for all of the providers': of those in the directory.
    async fn ensure_site(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(named) = self.0.site else { return Ok(()) };
        match network::find_site(unit, named.id).await? {
            Some(site) if site.name == named => Ok(()),
            _ => Err(Error::invalid(vec![Violation::new("staff_time.site", "must be a site of the directory")])),
        }
    }
}
