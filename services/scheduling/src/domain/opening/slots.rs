//! Slots of a rule: local times, made into instants.
//!
//! Clocks are put forward and back. A slot that would begin in the hour that is skipped is not made; of an hour that comes twice,
//! the first has slots. So a day has at most one slot for each local time, and none overlaps the one before.

use std::{ops::RangeInclusive, str::FromStr};

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use relais_platform::error::Error;

use super::{Closure, OpeningRule, Site, is_holiday};

/// A slot that is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// The day by the site's clocks.
    pub day: NaiveDate,
}

/// The slots of a rule on these days, in order: on its weekdays, while it is valid, on no holiday and no closed day.
///
/// # Errors
/// INTERNAL for a zone that this program does not know: no site is entered with one.
pub fn slots(
    rule: &OpeningRule,
    site: &Site,
    closures: &[Closure],
    days: RangeInclusive<NaiveDate>,
) -> Result<Vec<Opening>, Error> {
    let zone = Tz::from_str(&site.time_zone).map_err(|error| Error::internal(anyhow::anyhow!("{error}")))?;
    let first = (*days.start()).max(rule.valid_from);
    let last = rule.valid_until.map_or(*days.end(), |until| until.min(*days.end()));
    let open = |day: &NaiveDate| {
        rule.weekdays & (1 << day.weekday().num_days_from_monday()) != 0
            && !is_holiday(&site.country_code, *day)
            && !closures.iter().any(|closure| closure.closes(*day))
    };
    let days = first.iter_days().take_while(|day| *day <= last).filter(open);
    Ok(days.flat_map(|day| of_day(rule, zone, day)).collect())
}

fn of_day(rule: &OpeningRule, zone: Tz, day: NaiveDate) -> Vec<Opening> {
    let length = TimeDelta::minutes(rule.slot_minutes.into());
    let mut made: Vec<Opening> = Vec::new();
    let last = rule.until_minute - rule.slot_minutes;
    for minute in (rule.from_minute..=last).step_by(usize::try_from(rule.slot_minutes).unwrap_or(usize::MAX)) {
        let local = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minute.into());
        let start = match zone.from_local_datetime(&local) {
            LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => start.to_utc(),
            LocalResult::None => continue,
        };
        // One that reached over the skipped hour ends later than its local times say.
        if made.last().is_none_or(|before| before.end <= start) {
            made.push(Opening { start, end: start + length, day });
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{Child, OpeningRuleId, OrganisationId, SiteId};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn site(time_zone: &str, country_code: &str) -> Site {
        let name = Child::new(OrganisationId::draw(), SiteId::draw());
        Site { name, time_zone: time_zone.into(), country_code: country_code.into() }
    }

    /// Every day from `from` until `until`, in minutes.
    fn rule(from_minute: i16, until_minute: i16, slot_minutes: i16) -> OpeningRule {
        OpeningRule {
            id: OpeningRuleId::draw(),
            version: 1,
            site: site("UTC", "LU").name,
            services: Vec::new(),
            weekdays: 0b111_1111,
            from_minute,
            until_minute,
            slot_minutes,
            seats: 1,
            walk_in_seats: 0,
            wheelchair_access: false,
            interpreter_languages: Vec::new(),
            valid_from: day("2000-01-01"),
            valid_until: None,
            advance_days: 90,
            made_until: None,
            create_time: DateTime::UNIX_EPOCH,
            update_time: DateTime::UNIX_EPOCH,
        }
    }

    fn starts(rule: &OpeningRule, zone: &str, on: &str) -> Vec<String> {
        let made = slots(rule, &site(zone, "LU"), &[], day(on)..=day(on)).unwrap();
        made.windows(2).for_each(|pair| assert!(pair[0].end <= pair[1].start, "{pair:?}"));
        made.iter().map(|slot| slot.start.format("%H:%M").to_string()).collect()
    }

    #[test]
    fn the_hour_that_is_skipped_has_no_slots() {
        // 29 March 2026: 02:00 to 03:00 is not there, and 03:00 is 01:00 in UTC.
        assert_eq!(starts(&rule(60, 240, 30), "Europe/Luxembourg", "2026-03-29"), ["00:00", "00:30", "01:00", "01:30"]);
        // Lord Howe skips half an hour: 02:00 to 02:30 on 4 October 2026.
        assert_eq!(starts(&rule(90, 210, 30), "Australia/Lord_Howe", "2026-10-04"), ["15:00", "15:30", "16:00"]);
        assert_eq!(starts(&rule(120, 180, 30), "Europe/Luxembourg", "2026-03-29"), Vec::<String>::new());
    }

    #[test]
    fn the_hour_that_comes_twice_is_taken_once_the_first_time() {
        // 25 October 2026: 02:00 to 03:00 comes twice; the first time at 00:00 in UTC, and 03:00 is 02:00 in UTC.
        let made = starts(&rule(60, 240, 30), "Europe/Luxembourg", "2026-10-25");
        assert_eq!(made, ["23:00", "23:30", "00:00", "00:30", "02:00", "02:30"]);
    }

    #[test]
    fn one_that_reaches_over_the_skipped_hour_overlaps_none() {
        // 01:30 for 45 minutes ends at 03:15 by these clocks; the one of 03:00 would begin before.
        let made = starts(&rule(90, 300, 45), "Europe/Luxembourg", "2026-03-29");
        assert_eq!(made, ["00:30", "01:45"]);
    }

    #[test]
    fn holidays_closures_weekdays_and_validity_are_kept() {
        let whole = |rule: &OpeningRule, closures: &[Closure]| -> Vec<String> {
            let days = day("2017-04-10")..=day("2017-04-23");
            let made = slots(rule, &site("Europe/Luxembourg", "LU"), closures, days).unwrap();
            made.iter().map(|slot| slot.day.to_string()).collect()
        };
        // Monday and Friday; 17 April 2017 is Easter Monday.
        let weekly = OpeningRule { weekdays: 0b001_0001, ..rule(480, 510, 30) };
        assert_eq!(whole(&weekly, &[]), ["2017-04-10", "2017-04-14", "2017-04-21"]);
        let bounded =
            OpeningRule { valid_from: day("2017-04-11"), valid_until: Some(day("2017-04-20")), ..weekly.clone() };
        assert_eq!(whole(&bounded, &[]), ["2017-04-14"]);
        let closure = Closure {
            id: relais_platform::ids::ClosureId::draw(),
            site: weekly.site,
            start_date: day("2017-04-13"),
            end_date: day("2017-04-14"),
            note: String::new(),
            create_time: DateTime::UNIX_EPOCH,
            lift_time: None,
        };
        assert_eq!(whole(&weekly, std::slice::from_ref(&closure)), ["2017-04-10", "2017-04-21"]);
        let lifted = Closure { lift_time: Some(DateTime::UNIX_EPOCH), ..closure };
        assert_eq!(whole(&weekly, &[lifted]).len(), 3);
    }

    #[test]
    fn the_29th_of_february_is_a_day_like_others_and_midnight_an_end() {
        assert_eq!(starts(&rule(1_380, 1_440, 30), "UTC", "2028-02-29"), ["23:00", "23:30"]);
        assert_eq!(starts(&rule(480, 525, 20), "UTC", "2028-02-29"), ["08:00", "08:20"], "a rest is no slot");
    }
}
