//! What every step of staff time comes to: its row, its line's meter, and the timer of its end.

use relais_platform::{
    Error, Result,
    calls::{Outcome, Recall},
    database::Unit,
    error::Kind,
    ids::StaffTimeId,
    timers::{self, Timer, Urgency},
};

use super::{
    LINE_USED_UP, ensure_keeps, get_for_caller, refused,
    settle_own::{Own, settle_own},
    terms_on::terms_on,
};
use crate::{
    domain::convention::{Convention, StaffTime, StaffTimeState, too_few_minutes},
    store::convention,
};

/// The kind of the timers of staff time.
pub const STAFF_TIME: &str = "staff-time";

/// Staff time that the caller may change, with its convention.
pub(super) async fn get_to_step(unit: &mut Unit<'_>, id: StaffTimeId) -> Result<(StaffTime, Convention)> {
    let absent = || Error::not_found(id);
    let found = convention::find_staff_time(unit, id, None).await?.ok_or_else(absent)?;
    // Whose convention the caller may not know, of that there is no staff time.
    let hide = |error: Error| if error.kind == Kind::NotFound { absent() } else { error };
    let agreed = get_for_caller(unit, found.convention).await.map_err(hide)?;
    ensure_keeps(unit.caller()?, &agreed)?;
    let agreed = terms_on(unit, agreed, (&found.line_id, found.work_date)).await?;
    Ok((found, agreed))
}

/// Keeps a step; `actor` is empty when time took it.
///
/// # Errors
/// FAILED_PRECONDITION when its line has too little left; CONTENTION when somebody else took a step.
pub(super) async fn keep_step(
    unit: &mut Unit<'_>,
    agreed: &Convention,
    stepped: &StaffTime,
    actor: &str,
) -> Result<()> {
    convention::insert_staff_time_step(unit, stepped, actor).await?;
    let (reserved, used) = stepped.takes();
    let own = Own {
        subject: stepped.id.0,
        source: format!("staff-time/{}", stepped.version),
        terms_version: stepped.convention_version,
        date: stepped.work_date,
        site: stepped.site,
        reserved,
        used,
    };
    let line = agreed.terms.lines.iter().find(|line| line.line_id == stepped.line_id);
    let line = line.ok_or_else(|| Error::not_found(stepped.id))?;
    if !settle_own(unit, agreed, line, own).await? {
        let failure = too_few_minutes(line, stepped.planned_minutes);
        return Err(refused(LINE_USED_UP, vec![failure], unit.language()));
    }
    let (subject, due_at) = (stepped.id.0, stepped.expire_time());
    if stepped.state == StaffTimeState::Reserved {
        timers::set(unit, &Timer { kind: STAFF_TIME.into(), subject, due_at, urgency: Urgency::Routine });
        return Ok(());
    }
    timers::clear(unit, STAFF_TIME, subject).await
}

impl Recall for StaffTime {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = outcome.id.into();
        let found = convention::find_staff_time(unit, id, Some(outcome.version)).await?;
        let found = found.ok_or_else(|| Error::not_found(id))?;
        get_for_caller(unit, found.convention).await?;
        Ok(found)
    }
}
