//! The convention's second judgement. A referral was judged by the day and the site that were wished for; an appointment on a day or at
//! a site beyond what that covers has its seat and waits, until the referral service says whether it may be booked.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use relais_platform::ids::SiteId;

use super::{Appointment, State, Time, book, cancel::given_up};

/// How long an answer may take before both sides are told that it does: commonly it is there within a second.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// Why it is asked for again: the answer takes long.
pub const OVERDUE: &str = "judgement-overdue";

/// When and where an appointment may be booked without asking: days by the clocks of its site, without an end every day on that side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
    /// The sites; none: every site.
    pub sites: Option<Vec<SiteId>>,
}

impl Covered {
    /// Whether a time lies on one of the days, at one of the sites.
    pub fn hold(&self, time: &Time) -> bool {
        let day = time.local_date();
        let there = self.sites.as_ref().is_none_or(|sites| sites.contains(&time.site.id));
        there && self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Where an appointment stands that has a seat at this time.
    pub fn state_at(&self, time: &Time) -> State {
        if self.hold(time) { State::Booked } else { State::Pending }
    }
}

/// The appointment for which the convention is asked, or asked again, in its next version: an answer to an earlier one is stale.
pub fn ask(seated: Appointment, reason: &str, now: DateTime<Utc>) -> Appointment {
    Appointment { reason: reason.into(), ..seated.next(State::Pending, now) }
}

/// The appointment that the convention admits, in its next version.
pub fn admit(pending: Appointment, now: DateTime<Utc>) -> Appointment {
    pending.next(State::Booked, now)
}

/// The appointment whose day or site the convention refuses, in its next version: given up, by nobody's wish.
pub fn refuse_day(pending: Appointment, reason: &str, now: DateTime<Utc>) -> Appointment {
    given_up(pending, reason, None, now)
}

/// The same, back at the time from which it was to be moved.
pub fn go_back(pending: Appointment, to: Time, reason: &str, now: DateTime<Utc>) -> Appointment {
    Appointment { reason: reason.into(), ..book(pending, to, now) }
}

#[cfg(test)]
mod tests {
    use super::super::{CancelReason, cancel, confirm, end, proposed, remind, time_at};
    use super::*;

    fn days(from: &str, until: &str) -> Covered {
        Covered { from: from.parse().ok(), until: until.parse().ok(), sites: None }
    }

    fn at(start: &str, time_zone: &str) -> Time {
        let start = start.parse::<DateTime<Utc>>().unwrap();
        Time { start, end: start + TimeDelta::minutes(20), time_zone: time_zone.into(), ..time_at(0) }
    }

    /// The day of the site's clocks counts: of UTC's it is another at the edges.
    #[test]
    fn the_day_that_counts_is_the_sites() {
        let year = days("2026-01-01", "2026-12-31");
        for (start, zone, held) in [
            ("2026-12-31T23:00:00Z", "UTC", true),
            ("2027-01-01T00:00:00Z", "UTC", false),
            // In Nouméa, eleven hours ahead, the new year has begun.
            ("2026-12-31T13:00:00Z", "Pacific/Noumea", false),
            ("2026-12-31T12:59:00Z", "Pacific/Noumea", true),
            ("2025-12-31T13:00:00Z", "Pacific/Noumea", true),
            // In Cayenne, three hours behind, it has not.
            ("2027-01-01T02:59:00Z", "America/Cayenne", true),
            ("2027-01-01T03:00:00Z", "America/Cayenne", false),
        ] {
            assert_eq!(year.hold(&at(start, zone)), held, "{start} in {zone}");
        }
        assert!(Covered::default().hold(&at("9999-01-01T00:00:00Z", "UTC")), "of before, every day");
        assert!(Covered { until: None, ..year.clone() }.hold(&at("2030-01-01T00:00:00Z", "UTC")));
    }

    #[test]
    fn the_site_is_one_of_those_that_need_no_answer() {
        let time = at("2026-06-01T08:00:00Z", "UTC");
        let (there, elsewhere) = (time.site.id, SiteId::draw());
        for (sites, held) in [
            (None, true),
            (Some(vec![elsewhere, there]), true),
            (Some(vec![elsewhere]), false),
            (Some(Vec::new()), false),
        ] {
            let covered = Covered { sites, ..days("2026-01-01", "2026-12-31") };
            assert_eq!(covered.hold(&time), held, "{covered:?}");
            let after = Covered { until: "2026-05-31".parse().ok(), ..covered };
            assert!(!after.hold(&time), "the day counts, too");
        }
    }

    #[test]
    fn what_waits_is_booked_given_up_or_goes_back() {
        let now = DateTime::UNIX_EPOCH;
        let (old, new) = (time_at(48), time_at(72));
        let pending = ask(book(book(proposed(), old.clone(), now), new.clone(), now), "", now);
        assert_eq!((pending.state, pending.version), (State::Pending, 4));
        let again = ask(pending.clone(), OVERDUE, now);
        assert_eq!((again.version, again.reason.as_str(), &again.time), (5, OVERDUE, &pending.time));
        let admitted = admit(again, now);
        assert_eq!((admitted.state, admitted.reason.as_str(), admitted.time), (State::Booked, "", Some(new)));
        let refused = refuse_day(pending.clone(), "convention-not-in-force", now);
        assert_eq!((refused.state, refused.cancelled_by), (State::Cancelled, None));
        let back = go_back(pending, old.clone(), "convention-not-in-force", now);
        assert_eq!(
            (back.state, back.time, back.reason.as_str()),
            (State::Booked, Some(old), "convention-not-in-force")
        );
    }

    #[test]
    fn what_waits_is_neither_confirmed_nor_reminded_of_and_can_be_given_up() {
        let now = DateTime::UNIX_EPOCH;
        let pending = || ask(book(proposed(), time_at(48), now), "", now);
        assert!(confirm(pending(), now).is_err() && remind(pending(), now).is_none());
        let by = relais_platform::ids::OrganisationId::draw();
        assert_eq!(cancel(pending(), CancelReason::PatientDeclined, by, now).unwrap().state, State::Cancelled);
        assert_eq!(end(pending(), now).unwrap().reason, "referral-ended");
    }
}
