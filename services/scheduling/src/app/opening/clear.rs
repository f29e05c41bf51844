//! Slots that are taken away: nobody who was to sit in them is forgotten.

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

/// Takes slots away. Appointments in them are given up when `give_up` says so.
///
/// # Errors
/// FAILED_PRECONDITION, one violation for each appointment that stands in the way. CONTENTION when somebody booked meanwhile.
pub(super) async fn clear(unit: &mut Unit<'_>, span: Span, give_up: bool) -> Result<()> {
    let most = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let standing = store::seat::list_in(unit, span, most).await?;
    if !standing.is_empty() && (!give_up || standing.len() > MOST) {
        return Err(in_the_way(&standing));
    }
    for id in standing {
        let open = store::appointment::lock(unit, id).await?;
        cancel_one(unit, open).await?;
    }
    store::slot::delete(unit, span).await
}

async fn cancel_one(unit: &mut Unit<'_>, open: Appointment) -> Result<()> {
    if open.state != State::Booked {
        // Only held: it stays proposed.
        return store::seat::release(unit, open.id).await;
    }
    let (previous, by) = (open.state, unit.caller()?.acting_organisation()?);
    let cancelled = cancel(open, CancelReason::SiteClosed, by, unit.now())?;
    change::give_up(unit, &cancelled, previous).await?;
    change::propose_soon(unit, cancelled.referral).await
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
