//! What steps of referrals mean for the waiting list: who comes onto it, who let an offer pass, who leaves it.

use chrono::{NaiveTime, TimeDelta};
use relais_platform::{
    Result,
    database::Unit,
    ids::ConventionId,
    timers::{self, Timer, Urgency},
};
use uuid::Uuid;

use crate::{
    app::convention::{Queue, conditions_of, give_turn, take_turn},
    domain::referral::{Cause, OnList, Referral, State, Step, Turn, Waiting, on_list},
    store::referral,
};

/// The kind of the timers of places that came free; the database sets them.
pub const PLACE_FREED: &str = "place-freed";
/// The kind of the timers of meters whose period ends while somebody waits.
pub const PERIOD_ENDED: &str = "waiting-period";
/// The kind of the timers of referrals that let an offer pass, and may have another.
pub const RESTED: &str = "waiting-rested";

/// Keeps the list with a step that was kept.
pub(super) async fn keep_list(unit: &mut Unit<'_>, moved: &Referral, step: &Step) -> Result<()> {
    match on_list(moved, step.cause) {
        OnList::Same => Ok(()),
        // Few steps come here: they shall not make the others' larger.
        OnList::Joins => Box::pin(join(unit, moved, step.cause)).await,
        OnList::Passes => Box::pin(pass(unit, moved)).await,
        OnList::Leaves => referral::delete_waiting(unit, moved.id).await,
    }
}

/// Whoever comes onto the list takes the places that are left for it there and then; for what it lacks, it waits.
async fn join(unit: &mut Unit<'_>, moved: &Referral, cause: Cause) -> Result<()> {
    let queue = take_turn(unit, moved).await?;
    // Whoever was asked for information meanwhile, or left by a step that is taken back, waits since it came first.
    let returns = cause == Cause::Undo || moved.previous == Some(State::Submitted);
    let before = if returns { referral::waited_since(unit, moved).await? } else { None };
    let continuing = referral::is_continuing(unit, moved).await?;
    let waiting = Waiting {
        referral: moved.id,
        turn: Turn::new(moved, continuing, before.unwrap_or(unit.now())),
        meter: queue.map(|queue| queue.meter),
        rest_until: None,
        offer_expire_time: None,
    };
    referral::insert_waiting(unit, moved, &waiting).await?;
    match queue {
        Some(queue) => line_up(unit, queue).await,
        None => Ok(()),
    }
}

/// Whoever let an offer pass gives the place back, to whoever is next.
async fn pass(unit: &mut Unit<'_>, moved: &Referral) -> Result<()> {
    let Some(waiting) = referral::find_waiting(unit, moved.id).await? else { return Ok(()) };
    let conditions = conditions_of(unit, moved.convention, moved.convention_version).await?;
    let passed = waiting.passed(&conditions.deadlines, unit.now());
    referral::save_waiting(unit, &passed).await?;
    give_turn(unit, moved).await?;
    if let Some(due_at) = passed.rest_until {
        set(unit, RESTED, moved.id.0, due_at);
    }
    Ok(())
}

/// Has somebody looked at, who waits at a meter from now on: what came free before is not told again. And when its period ends, it is to be
/// the next one's.
pub(super) async fn line_up(unit: &mut Unit<'_>, queue: Queue) -> Result<()> {
    if let Some(due_at) = queue.until {
        set(unit, PERIOD_ENDED, queue.meter, due_at);
    }
    referral::wake_waiting(unit, queue.meter).await
}

/// Has those who wait under a convention led on when their period ends: when they came, it may have been the last one.
pub(super) async fn lead_on(unit: &mut Unit<'_>, convention: ConventionId) -> Result<()> {
    for (meter, last) in referral::list_awaited_meters(unit, convention).await? {
        let next = last + TimeDelta::days(1);
        set(unit, PERIOD_ENDED, meter, next.and_time(NaiveTime::MIN).and_utc());
    }
    Ok(())
}

fn set(unit: &mut Unit<'_>, kind: &str, subject: Uuid, due_at: chrono::DateTime<chrono::Utc>) {
    timers::set(unit, &Timer { kind: kind.into(), subject, due_at, urgency: Urgency::Routine });
}
