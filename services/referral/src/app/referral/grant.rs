//! What becomes of a referral on the waiting list that holds all its places now.

use relais_platform::{Result, database::Unit};

use super::keep::{keep, keep_moved};
use crate::{
    app::convention::queue_of,
    domain::{
        convention::{Acceptance, Conditions},
        referral::{Cause, Referral, State, Step, Waiting, offer},
    },
    store::referral,
};

/// Where the convention accepts by itself, it is accepted; elsewhere the places are offered, and its provider is to decide.
pub(super) async fn grant(
    unit: &mut Unit<'_>,
    waits: Referral,
    waiting: Waiting,
    conditions: &Conditions,
) -> Result<Referral> {
    if conditions.acceptance == Acceptance::Automatic {
        return keep(unit, waits, State::Accepted, &Step::new(Cause::Automatic, "")).await;
    }
    let offered = waits.offered(&conditions.deadlines, unit.now());
    let offer_expire_time = offered.offer_expire_time;
    referral::save_waiting(unit, &Waiting { offer_expire_time, ..waiting }).await?;
    keep_moved(unit, &offered, &offer()).await?;
    Ok(offered)
}

/// What was lacking when a referral was submitted may be there when it comes onto the list: another one left meanwhile, or the period
/// that was wished for is over and the present one has places. It took them, so nothing that is given back later would wake it.
pub(super) async fn grant_joined(unit: &mut Unit<'_>, moved: Referral, conditions: &Conditions) -> Result<Referral> {
    if moved.state != State::Waitlisted {
        return Ok(moved);
    }
    match referral::find_waiting(unit, moved.id).await? {
        Some(waiting) if waiting.meter.is_none() => {
            // If it lets the places pass, it waits for them.
            let meter = queue_of(unit, &moved).await?.map(|queue| queue.meter);
            grant(unit, moved, Waiting { meter, ..waiting }, conditions).await
        }
        _ => Ok(moved),
    }
}
