//! Keeps the deadline of a referral: a step that is not taken in time becomes an event, and silence ends what nobody took up.

use relais_platform::{Result, database::Unit, ids::ReferralId};

use super::keep::{keep_moved, set};
use crate::{
    app::convention::conditions_of,
    domain::referral::{Cause, Passed, Step, judge, lapse},
    store::referral,
};

/// Judges the deadline of a referral whose timer is due, in the transaction that removed the timer.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn keep_deadline(unit: &mut Unit<'_>, id: ReferralId) -> Result<()> {
    let Some(watched) = referral::find_locked(unit, id).await? else { return Ok(()) };
    unit.about(watched.number.as_str());
    let conditions = conditions_of(unit, watched.convention, watched.convention_version).await?;
    let (kept, again) = match judge(watched.clone(), &conditions.deadlines, unit.now()) {
        Passed::NotYet(again) => (watched, again),
        Passed::Overdue(overdue, again) => {
            let step = Step::new(Cause::Overdue, "");
            keep_moved(unit, &overdue, &step).await?;
            (*overdue, again)
        }
        Passed::Expired(expired) => {
            let step = Step::new(Cause::Silence, "");
            keep_moved(unit, &expired, &step).await?;
            (*expired, None)
        }
        Passed::Lapsed(lapsed) => {
            keep_moved(unit, &lapsed, &lapse()).await?;
            (*lapsed, None)
        }
    };
    if let Some(again) = again {
        set(unit, &kept, again);
    }
    Ok(())
}
