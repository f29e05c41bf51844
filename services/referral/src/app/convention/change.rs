//! What every change of a convention begins with: it is there, the caller keeps it, and nobody changed it meanwhile.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::ConventionId,
    timers::{self, Timer, Urgency},
};

use super::{ensure_keeps, get_convention::get_for_caller};
use crate::domain::convention::Convention;

/// The kind of the timers of conventions that may end sooner than was told of them.
pub const ENDS_SOONER: &str = "convention-ends-sooner";
/// What was being admitted by what was known before has been kept by then, and is found.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// Has the days of bookings shortened, where the convention ends sooner than before: soon, for referrals are many.
pub(super) fn shorten(unit: &mut Unit<'_>, changed: &Convention) {
    let (kind, due_at) = (ENDS_SOONER.into(), unit.now() + SETTLED);
    timers::set(unit, &Timer { kind, subject: changed.id.0, due_at, urgency: Urgency::Urgent });
}

/// Which convention is to be changed, and in which version the caller saw it; none: whatever it is.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Which.
    pub id: ConventionId,
    /// The version that the caller saw.
    pub seen: Option<i64>,
}

/// The convention, to be changed by the caller.
///
/// # Errors
/// NOT_FOUND, PERMISSION_DENIED; ABORTED when the caller saw another version.
pub(super) async fn get_to_change(unit: &mut Unit<'_>, wanted: Wanted) -> Result<Convention> {
    let found = get_for_caller(unit, wanted.id).await?;
    ensure_keeps(unit.caller()?, &found)?;
    if wanted.seen.is_some_and(|seen| seen != found.version) {
        return Err(Error::stale_etag());
    }
    Ok(Convention { update_time: unit.now(), ..found })
}
