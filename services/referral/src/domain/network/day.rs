//! Days as people count them.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// The day that it is in a zone; one that is none is UTC.
pub fn day_in(zone: &str, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_by_the_clocks_of_the_place() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (zone, now, day) in [
            // In summer two hours before UTC's, in winter one.
            ("Europe/Luxembourg", "2017-07-01T21:59:59Z", "2017-07-01"),
            ("Europe/Luxembourg", "2017-07-01T22:00:00Z", "2017-07-02"),
            ("Europe/Luxembourg", "2017-12-01T22:00:00Z", "2017-12-01"),
            ("Europe/Luxembourg", "2017-12-01T23:00:00Z", "2017-12-02"),
            ("America/Martinique", "2017-07-02T03:00:00Z", "2017-07-01"),
            ("UTC", "2017-07-01T22:00:00Z", "2017-07-01"),
        ] {
            assert_eq!(day_in(zone, at(now)).to_string(), day, "{now} in {zone}");
        }
    }
}
