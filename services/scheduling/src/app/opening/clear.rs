//! Slots that are taken away: nobody who was to sit in them is forgotten, and nobody who is there already is sent away.

use relais_platform::{Error, Result, database::Unit, error::Violation, ids::AppointmentId};

use crate::{
    app::change,
    domain::{Appointment, CancelReason, State, cancel},
    store::{self, seat::Span},
};

/// The most appointments that are given up at once.
const MOST: usize = 500;
/// The most that a refusal names.
const NAMED: usize = 20;

/// Takes slots away. Appointments in them are given up when `give_up` says so. A patient who has arrived, or was seen before the time,
/// is a fact that stands in nobody's way: that seat stays as it is, with nothing left beside it to be booked.
///
/// # Errors
/// FAILED_PRECONDITION, one violation for each appointment that stands in the way. CONTENTION when somebody booked meanwhile.
pub(super) async fn clear(unit: &mut Unit<'_>, span: Span, give_up: bool) -> Result<()> {
    let most = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let seated = store::seat::list_in(unit, span, most).await?;
    if seated.len() > MOST {
        return Err(in_the_way(&seated));
    }
    let (mut standing, mut there) = (Vec::new(), Vec::new());
    for id in seated {
        let found = store::appointment::lock(unit, id).await?;
        match found.state {
            State::Arrived | State::Fulfilled => there.push(found.id),
            _ => standing.push(found),
        }
    }
    if !standing.is_empty() && !give_up {
        return Err(in_the_way(&standing.iter().map(|found| found.id).collect::<Vec<_>>()));
    }
    for open in standing {
        cancel_one(unit, open).await?;
    }
    store::seat::empty(unit, &there).await?;
    store::slot::delete(unit, span, &there).await
}

async fn cancel_one(unit: &mut Unit<'_>, open: Appointment) -> Result<()> {
    if open.state == State::Proposed {
        // Only held: it stays proposed.
        return store::seat::release(unit, open.id).await;
    }
    let (previous, by) = (open.state, unit.caller()?.acting_organisation()?);
    let cancelled = cancel(open, CancelReason::SiteClosed, by, unit.now())?;
    change::give_up(unit, &cancelled, previous).await?;
    change::propose_soon(unit, cancelled.referral);
    Ok(())
}

fn in_the_way(standing: &[AppointmentId]) -> Error {
    let mut rules: Vec<_> = standing
        .iter()
        .take(NAMED)
        .map(|id| Violation::new("appointment-in-the-way", format!("{id} stands in it")))
        .collect();
    let more = standing.len().saturating_sub(NAMED);
    if more > 0 {
        let most = if standing.len() > MOST { ": too many to be cancelled at once" } else { "" };
        rules.push(Violation::new("appointment-in-the-way", format!("and {more} more{most}")));
    }
    Error::refused("APPOINTMENTS_IN_THE_WAY", rules)
}
