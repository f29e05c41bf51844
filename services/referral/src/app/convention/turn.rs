//! Places on lines that make wait: taken in the order of the waiting list, and given back to it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use relais_platform::{Result, database::Unit};
use uuid::Uuid;

use super::{
    metered_now::metered_now,
    settle::{How, settle},
};
use crate::{
    domain::{
        convention::{Line, place_of, wants},
        referral::{Cause, Referral, State, waits_for},
    },
    store::{
        convention::{Metered, meter_site, metered},
        referral,
    },
};

/// Where a referral waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The meter of the line, period and place.
    pub meter: Uuid,
    /// When the next period begins, by UTC; none: there is none after.
    pub until: Option<DateTime<Utc>>,
}

/// Takes the places that a referral lacks on lines that make wait, in its turn: all of them, or none. Answers with where it is to wait; with
/// nothing when it has all.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn take_turn(unit: &mut Unit<'_>, waits: &Referral) -> Result<Option<Queue>> {
    let metered = metered_now(unit, (waits.convention, waits.convention_version)).await?;
    let Some(day) = day_of(unit, &metered, waits) else { return Ok(None) };
    let lines = metered.lines.iter().filter(|line| line.makes_wait());
    let asked = lines.filter_map(|line| Some((line, wants(line, State::Accepted, Cause::Call)?)));
    let short = settle(unit, waits, &metered, asked.collect(), How::on(day)).await?;
    match short.first() {
        Some(short) => queue(unit, waits, &metered, (&short.line, day)).await,
        None => Ok(None),
    }
}

/// Where a referral would wait again that has all its places, if it let them pass: none where no line of its terms makes wait.
///
/// # Errors
/// As [`take_turn`].
pub async fn queue_of(unit: &mut Unit<'_>, waits: &Referral) -> Result<Option<Queue>> {
    let metered = metered_now(unit, (waits.convention, waits.convention_version)).await?;
    let line = metered.lines.iter().find(|line| line.makes_wait());
    match line.zip(day_of(unit, &metered, waits)) {
        Some(first) => queue(unit, waits, &metered, first).await,
        None => Ok(None),
    }
}

/// The day whose period counts for all lines that make wait; none where no line does.
fn day_of(unit: &Unit<'_>, metered: &Metered, waits: &Referral) -> Option<NaiveDate> {
    let today = unit.now().date_naive();
    let lines = metered.lines.iter().filter(|line| line.makes_wait());
    lines.map(|line| waits_for(line, metered.dates, waits.requested_date, today)).max()
}

async fn queue(
    unit: &mut Unit<'_>,
    waits: &Referral,
    metered: &Metered,
    (line, day): (&Line, NaiveDate),
) -> Result<Option<Queue>> {
    let (period, site) = (line.period(metered.dates, day), meter_site(line, place_of(line, waits.site)));
    let meter = referral::find_meter(unit, waits.id, &line.line_id, (period.0, site)).await?;
    Ok(meter.map(|meter| Queue { meter, until: until(metered, period) }))
}

/// Gives back what a referral holds on lines that make wait.
///
/// # Errors
/// As [`take_turn`].
pub async fn give_turn(unit: &mut Unit<'_>, waits: &Referral) -> Result<()> {
    let metered = metered(unit, waits.convention, waits.convention_version).await?;
    let lines = metered.lines.iter().filter(|line| line.makes_wait());
    let asked = lines.filter_map(|line| Some((line, wants(line, State::Cancelled, Cause::Call)?)));
    settle(unit, waits, &metered, asked.collect(), How::default()).await.map(|_| ())
}

/// Leads those who wait at a meter whose period is over to that of the present one; answers with where they wait then, when they were led
/// anywhere.
///
/// # Errors
/// As [`take_turn`].
pub async fn next_period(unit: &mut Unit<'_>, meter: Uuid) -> Result<Option<Queue>> {
    let Some(of) = referral::find_of_meter(unit, meter).await? else { return Ok(None) };
    let today = unit.now().date_naive();
    let metered = metered_now(unit, (of.convention, of.terms_version)).await?;
    let is_line = |line: &&Line| line.line_id == of.line_id;
    let Some(line) = metered.lines.iter().find(is_line).filter(|_| of.period_end < today) else { return Ok(None) };
    let period = line.period(metered.dates, today);
    if period.1 <= of.period_end {
        return Ok(None);
    }
    let meter = referral::move_waiting(unit, (meter, &of), period).await?;
    Ok(Some(Queue { meter, until: until(&metered, period) }))
}

fn until(metered: &Metered, (_, last): (NaiveDate, NaiveDate)) -> Option<DateTime<Utc>> {
    let next = last + TimeDelta::days(1);
    (last < metered.dates.1).then(|| next.and_time(NaiveTime::MIN).and_utc())
}
