//! Offers a place that came free to whoever waits for it: by a timer that is written with what gave the place back, so whatever is killed
//! meanwhile, it is offered once.

use relais_platform::{Result, database::Unit, ids::ReferralId};
use uuid::Uuid;

use super::{grant::grant, waiting::line_up};
use crate::{
    app::convention::{conditions_of, next_period, take_turn},
    domain::referral::{Referral, State, Waiting},
    store::referral,
};

/// Takes up that a place came free. One transaction offers one place: of several that came free at once, the next timer offers the next.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn offer_place(unit: &mut Unit<'_>, freed: Uuid) -> Result<()> {
    let Some(meter) = referral::take_freed(unit, freed).await? else { return Ok(()) };
    if offer_next(unit, meter).await? { referral::wake_waiting(unit, meter).await } else { Ok(()) }
}

/// Leads those who wait for a place of a period that is over to the one that has begun.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn begin_period(unit: &mut Unit<'_>, meter: Uuid) -> Result<()> {
    match next_period(unit, meter).await? {
        Some(queue) => line_up(unit, queue).await,
        None => Ok(()),
    }
}

/// Has a place offered again to a referral that let one pass, when its turn comes.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn offer_again(unit: &mut Unit<'_>, id: ReferralId) -> Result<()> {
    let Some(Waiting { meter: Some(meter), .. }) = referral::find_waiting(unit, id).await? else { return Ok(()) };
    // While it had the offer, the others may have gone on to the next period.
    match next_period(unit, meter).await? {
        Some(queue) => line_up(unit, queue).await,
        None => referral::wake_waiting(unit, meter).await,
    }
}

/// Offers a place of a meter to whose turn it is; says whether there may be more to offer.
async fn offer_next(unit: &mut Unit<'_>, meter: Uuid) -> Result<bool> {
    let Some(first) = referral::find_first(unit, meter).await? else { return Ok(false) };
    let Some(waits) = referral::find_locked(unit, first).await? else { return Ok(false) };
    unit.about(waits.number.as_str());
    // As it stands now that nobody else changes it.
    let now = unit.now();
    let waiting = referral::find_waiting(unit, first).await?.filter(|waiting| waiting.is_open_to(meter, now));
    let Some(waiting) = waiting else { return Ok(true) };
    if waits.state != State::Waitlisted {
        // A program of before knows no list.
        referral::delete_waiting(unit, first).await?;
        return Ok(true);
    }
    Box::pin(give(unit, waits, waiting)).await
}

async fn give(unit: &mut Unit<'_>, waits: Referral, waiting: Waiting) -> Result<bool> {
    let conditions = conditions_of(unit, waits.convention, waits.convention_version).await?;
    // What it takes belongs to its next version.
    let next = Referral { version: waits.version + 1, ..waits.clone() };
    match take_turn(unit, &next).await? {
        Some(queue) if Some(queue.meter) == waiting.meter => return Ok(false),
        // What it lacks is another line's: it goes on waiting there, in its turn.
        Some(queue) => {
            referral::save_waiting(unit, &Waiting { meter: Some(queue.meter), ..waiting }).await?;
            line_up(unit, queue).await?;
        }
        None => {
            grant(unit, waits, waiting, &conditions).await?;
        }
    }
    Ok(true)
}
