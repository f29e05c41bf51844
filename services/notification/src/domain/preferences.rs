//! What a mailbox wants besides its inbox, and when it is sent.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use relais_platform::text_enum;

use super::{Class, local};

text_enum! {
    /// A language that the product speaks.
    pub enum Language {
        /// French.
        Fr = "fr",
        /// English.
        En = "en",
    }
}

/// Hours in which nothing but what is critical is sent: minutes of the local day, the end being the first one after. They may
/// run past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// The first minute.
    pub start: u16,
    /// The first one after.
    pub end: u16,
}

/// What a mailbox wants. One that never said wants no mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// How often it has said so; 0 for never.
    pub version: i64,
    /// What is mailed.
    pub email: Vec<Class>,
    /// In which language; none: as the directory says.
    pub language: Option<Language>,
    /// Its clock.
    pub zone: Tz,
    /// When nothing but what is critical is sent.
    pub quiet: Option<QuietHours>,
    /// One mail a day at this local minute.
    pub digest: Option<u16>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { version: 0, email: Vec::new(), language: None, zone: Tz::UTC, quiet: None, digest: None }
    }
}

/// How and when something is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailing {
    /// By itself, not before.
    Alone(DateTime<Utc>),
    /// With all else of that local day, not before.
    Digest(NaiveDate, DateTime<Utc>),
}

impl Preferences {
    /// How something of this class is mailed that comes in now; none when it is not.
    pub fn mailing(&self, class: Class, now: DateTime<Utc>) -> Option<Mailing> {
        if !self.email.contains(&class) {
            return None;
        }
        if class == Class::Critical {
            return Some(Mailing::Alone(now));
        }
        Some(match self.digest {
            Some(minute) => self.next_digest(minute, now),
            None => Mailing::Alone(self.quiet.map_or(now, |quiet| self.after(quiet, now))),
        })
    }

    /// The first digest that is still to come. Each local day has one, whatever its clock does.
    fn next_digest(&self, minute: u16, now: DateTime<Utc>) -> Mailing {
        let (today, _) = local::day_and_minute(self.zone, now);
        let at = |day| local::instant(self.zone, day, minute);
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let day = if at(today) > now { today } else { tomorrow };
        Mailing::Digest(day, at(day))
    }

    /// Now, or the end of the quiet hours that it falls into.
    fn after(&self, quiet: QuietHours, now: DateTime<Utc>) -> DateTime<Utc> {
        let (today, minute) = local::day_and_minute(self.zone, now);
        let over_night = quiet.start > quiet.end;
        let within = if over_night {
            minute >= quiet.start || minute < quiet.end
        } else {
            (quiet.start..quiet.end).contains(&minute)
        };
        let ends_tomorrow = over_night && minute >= quiet.start;
        let day = if ends_tomorrow { today.checked_add_days(Days::new(1)).unwrap_or(today) } else { today };
        if within { local::instant(self.zone, day, quiet.end).max(now) } else { now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn in_luxembourg() -> Preferences {
        let email = vec![Class::Work, Class::Critical];
        Preferences { email, zone: Tz::Europe__Luxembourg, ..Preferences::default() }
    }

    #[test]
    fn only_what_is_wanted_is_mailed() {
        let now = at("2026-05-04T10:00:00Z");
        assert_eq!(Preferences::default().mailing(Class::Critical, now), None);
        assert_eq!(in_luxembourg().mailing(Class::News, now), None);
        assert_eq!(in_luxembourg().mailing(Class::Work, now), Some(Mailing::Alone(now)));
    }

    #[test]
    fn quiet_hours_hold_back_all_but_what_is_critical() {
        let quiet = Some(QuietHours { start: 20 * 60, end: 7 * 60 });
        let preferences = Preferences { quiet, ..in_luxembourg() };
        let mailed = |class, now| preferences.mailing(class, at(now));
        let morning = Some(Mailing::Alone(at("2026-05-05T05:00:00Z")));
        for night in ["2026-05-04T18:00:00Z", "2026-05-04T23:30:00Z", "2026-05-05T04:59:59Z"] {
            assert_eq!(mailed(Class::Work, night), morning, "{night}");
            assert_eq!(mailed(Class::Critical, night), Some(Mailing::Alone(at(night))));
        }
        for day in ["2026-05-05T05:00:00Z", "2026-05-04T17:59:59Z"] {
            assert_eq!(mailed(Class::Work, day), Some(Mailing::Alone(at(day))), "{day}");
        }
        let noon = Preferences { quiet: Some(QuietHours { start: 12 * 60, end: 13 * 60 }), ..in_luxembourg() };
        assert_eq!(
            noon.mailing(Class::Work, at("2026-01-05T11:30:00Z")),
            Some(Mailing::Alone(at("2026-01-05T12:00:00Z")))
        );
    }

    /// Every day of a year has one digest, on those days too when half past two does not exist or exists twice.
    #[test]
    fn a_daily_message_comes_once_a_day_when_clocks_change() {
        let preferences = Preferences { digest: Some(2 * 60 + 30), ..in_luxembourg() };
        let (mut now, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let mut digests = std::collections::BTreeMap::new();
        while now < end {
            let Some(Mailing::Digest(day, at)) = preferences.mailing(Class::Work, now) else {
                panic!("{now}: no digest")
            };
            assert!(at > now, "{now}");
            assert_eq!(*digests.entry(day).or_insert(at), at, "two digests of {day}");
            now += chrono::TimeDelta::minutes(30);
        }
        assert_eq!(digests.len(), 366, "one for each day, and the next one");
        let times: std::collections::BTreeSet<_> = digests.values().collect();
        assert_eq!(times.len(), 366);
        let of = |day: &str| digests[&day.parse::<NaiveDate>().unwrap()];
        assert_eq!(of("2026-03-29"), at("2026-03-29T01:00:00Z"), "from two to three, the clock leaps");
        assert_eq!(of("2026-10-25"), at("2026-10-25T00:30:00Z"), "the first of two");
    }
}
