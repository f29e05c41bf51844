//! Local hours as instants: an hour that does not exist is taken when the clocks have moved on, one that exists twice is taken the
//! first time.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The longest that clocks were ever moved forward at once: a day, in Samoa.
const LONGEST_GAP: i64 = 26 * 60;

/// A minute of a local day as an instant.
pub(super) fn instant(zone: Tz, day: NaiveDate, minute: u16) -> DateTime<Utc> {
    let local = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minute.into());
    let from =
        (0..=LONGEST_GAP).find_map(|late| zone.from_local_datetime(&(local + TimeDelta::minutes(late))).earliest());
    from.map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
}

/// The local day and its minute of an instant.
pub(super) fn day_and_minute(zone: Tz, at: DateTime<Utc>) -> (NaiveDate, u16) {
    let local = at.with_timezone(&zone);
    // A day has 1440 minutes.
    (local.date_naive(), u16::try_from(local.hour() * 60 + local.minute()).unwrap_or_default())
}
