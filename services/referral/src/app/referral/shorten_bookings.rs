//! Shortens the days on which appointments are booked without asking, when a convention ends sooner than they were told; and has those
//! who wait led on where it ends later.
//!
//! Scheduling then asks for what is booked beyond them already, and whatever may not be done any more is given up there.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{AppointmentId, ConventionId},
    timers::{self, Timer, Urgency},
};

use super::{keep::keep_judged, waiting::lead_on};
use crate::{
    app::convention::ENDS_SOONER,
    domain::{
        convention::last_day_of_care,
        referral::{Judgement, Referral},
    },
    store::{convention, referral},
};

/// The most referrals that are told by one transaction.
const BATCH: i64 = 100;

/// Tells the open referrals of a convention that some of their days are no more; of many, the rest by the next timer.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn shorten_bookings(unit: &mut Unit<'_>, id: ConventionId) -> Result<()> {
    let Some(ended) = convention::find(unit, id).await? else { return Ok(()) };
    lead_on(unit, id).await?;
    let last = last_day_of_care(&ended);
    let beyond = referral::list_booked_beyond(unit, id, last, BATCH).await?;
    let more = i64::try_from(beyond.len()).is_ok_and(|found| found == BATCH);
    for told in beyond {
        // As it stands now that nobody else changes it: its days may be others by now, and who is closed books nothing.
        let open = referral::find_locked(unit, told).await?.filter(|open| is_beyond(open, last));
        let Some(open) = open else { continue };
        let from = open.booking_days.map_or(ended.terms.start_date, |(from, _)| from);
        let judgement = Judgement {
            admitted: true,
            reason: String::new(),
            days: Some((from, last)),
            sites: open.booking_sites.clone(),
        };
        let judged = open.judged(&judgement, unit.now());
        // None asked: no appointment has such a version. Where none is known yet, any name is nobody's.
        let asked = (judged.appointment.unwrap_or_else(AppointmentId::draw), 0);
        keep_judged(unit, &judged, asked, &judgement).await?;
    }
    if more {
        let (kind, due_at) = (ENDS_SOONER.into(), unit.now());
        timers::set(unit, &Timer { kind, subject: id.0, due_at, urgency: Urgency::Urgent });
    }
    Ok(())
}

/// Whether an appointment may be booked later than on a day without asking.
fn is_beyond(open: &Referral, last: NaiveDate) -> bool {
    open.state.is_open() && open.booking_days.is_none_or(|(_, until)| until > last)
}
