//! The lines by which a referral counts, as later terms leave them. Signed terms never change: what they are read from is in memory, and
//! where no later ones were signed, it is what admitted the referral.

use std::sync::Arc;

use chrono::NaiveDate;
use relais_platform::{Result, database::Unit, ids::ConventionId};

use crate::store::convention::{Metered, judging_version, list_signed, metered};

/// Of a version, with the days of the convention as they were agreed last: the time that was added has periods of its own, and after an end
/// that comes sooner there are none.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub(super) async fn metered_now(unit: &mut Unit<'_>, of: (ConventionId, i64)) -> Result<Arc<Metered>> {
    let signed = list_signed(unit, of.0).await?;
    until_last(unit, of, &signed).await
}

/// The same, each line as binding as the terms say that judge a day: what was a target for whom they admitted before may be firm by then.
///
/// # Errors
/// As [`metered_now`].
pub(super) async fn metered_on(
    unit: &mut Unit<'_>,
    (id, version): (ConventionId, i64),
    day: NaiveDate,
) -> Result<Arc<Metered>> {
    let signed = list_signed(unit, id).await?;
    let now = until_last(unit, (id, version), &signed).await?;
    if signed.len() < 2 {
        return Ok(now);
    }
    let mut lines = now.lines.clone();
    for line in &mut lines {
        let judge = judging_version(unit, id, &line.line_id, day).await?;
        let Some(judge) = judge.filter(|judge| *judge != version) else { continue };
        let judged = metered(unit, id, judge).await?;
        if let Some(by) = judged.lines.iter().find(|by| by.line_id == line.line_id) {
            (line.kind, line.on_exhausted) = (by.kind, by.on_exhausted);
        }
    }
    Ok(Arc::new(Metered { lines, ..(*now).clone() }))
}

/// The lines of a version, until the end by the last one that was signed.
async fn until_last(unit: &mut Unit<'_>, (id, version): (ConventionId, i64), signed: &[i64]) -> Result<Arc<Metered>> {
    let admitted = metered(unit, id, version).await?;
    let Some(last) = signed.last().filter(|last| **last != version) else { return Ok(admitted) };
    let dates = (admitted.dates.0, metered(unit, id, *last).await?.dates.1);
    Ok(Arc::new(Metered { dates, ..(*admitted).clone() }))
}
