//! Gives back staff time that nobody confirmed in time.

use relais_platform::{Error, Result, database::Unit, ids::StaffTimeId};

use super::{staff_time::keep_step, terms_on::terms_on};
use crate::store::convention;

/// Takes up that the time of a reservation is over.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn lapse_staff_time(unit: &mut Unit<'_>, id: StaffTimeId) -> Result<()> {
    let Some(found) = convention::find_staff_time(unit, id, None).await? else { return Ok(()) };
    let Some(lapsed) = found.lapse(unit.now()) else { return Ok(()) };
    let agreed = convention::find(unit, lapsed.convention).await?;
    let agreed = agreed.ok_or_else(|| Error::not_found(lapsed.convention))?;
    let agreed = terms_on(unit, agreed, (&lapsed.line_id, lapsed.work_date)).await?;
    keep_step(unit, &agreed, &lapsed, "").await
}
