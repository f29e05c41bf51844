//! On which days an appointment may be booked under a convention: without asking again, and when it is asked.

use chrono::{Days, NaiveDate};
use relais_platform::ids::SiteId;

use super::{Convention, Failure, Line, Per, Rule, Terms, Why};

/// When and where an appointment may be booked without the convention being asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookable {
    /// The first and the last day, by the clocks of the site.
    pub days: (NaiveDate, NaiveDate),
    /// The sites; none: every site.
    pub sites: Option<Vec<SiteId>>,
}

/// The days on which an appointment of a referral may be booked that was admitted for `requested_date`, without the convention being
/// asked again. Past its end it is asked, for some may still be seen then and others not; and beyond the period of a line on which the
/// referral has its place, for the place has to move. It ends on `last_day`, which may have become another one than by these terms.
pub fn booking_window(terms: &Terms, last_day: NaiveDate, requested_date: NaiveDate) -> (NaiveDate, NaiveDate) {
    within_periods(terms, requested_date, (terms.start_date, terms.end_date.min(last_day)))
}

/// The last day on which whoever was admitted by the convention's last day may be seen.
pub fn last_day_of_care(convention: &Convention) -> NaiveDate {
    let run_off = convention.terms.conditions.run_off_days.try_into().unwrap_or_default();
    convention.last_day + Days::new(run_off)
}

/// The days among some that lie in the period of a day on each line that lasts a year or a month. What is done past the end counts in
/// the last period.
fn within_periods(terms: &Terms, day: NaiveDate, (from, until): (NaiveDate, NaiveDate)) -> (NaiveDate, NaiveDate) {
    let placed = |line: &&Line| line.is_metered() && line.committed.is_some() && line.per != Per::Term;
    let dates = (terms.start_date, terms.end_date);
    let periods = terms.lines.iter().filter(placed).map(|line| line.period(dates, day));
    periods.fold((from, until), |(from, until), (first, last)| {
        (from.max(first), if last < terms.end_date { until.min(last) } else { until })
    })
}

/// Whether an appointment may be booked on a day: within the convention's dates; and past its end, for as long as it lets those still be
/// seen who were admitted by then. Answers with the days on which that holds.
///
/// # Errors
/// The rule that fails.
pub fn judge_day(
    convention: &Convention,
    admitted_on: NaiveDate,
    day: NaiveDate,
) -> Result<(NaiveDate, NaiveDate), Vec<Failure>> {
    let (Terms { start_date, .. }, end_date) = (&convention.terms, &convention.last_day);
    let last = if admitted_on <= *end_date { last_day_of_care(convention) } else { *end_date };
    if (*start_date..=last).contains(&day) {
        return Ok(within_periods(&convention.terms, day, (*start_date, last)));
    }
    Err(vec![Failure {
        rule: Rule::ConventionNotInForce,
        term: if day > *end_date { "terms.run_off_days" } else { "terms.start_date" },
        why: Why::OutsideOfDates(*start_date, last),
        passes: vec![format!("{start_date}/{last}")],
    }])
}

#[cfg(test)]
mod tests {
    use super::super::{Conditions, CountedFrom, LineKind, State};
    use super::*;
    use relais_platform::ids::ConventionId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn convention(run_off_days: i32) -> Convention {
        let terms = Terms {
            parties: Vec::new(),
            services: Vec::new(),
            lines: Vec::new(),
            start_date: day("2026-01-01"),
            end_date: day("2026-12-31"),
            sites: Vec::new(),
            exclusive: false,
            conditions: Conditions { run_off_days, ..Conditions::default() },
        };
        let draft = Convention::draft(ConventionId::draw(), String::new(), terms, chrono::DateTime::UNIX_EPOCH);
        Convention { state: State::Signed, ..draft }
    }

    fn in_june(agreed: &Convention) -> (NaiveDate, NaiveDate) {
        booking_window(&agreed.terms, agreed.last_day, day("2026-06-01"))
    }

    #[test]
    fn past_the_end_whoever_was_admitted_by_then_is_seen_as_long_as_it_runs_off() {
        for (run_off, admitted_on, booked, holds) in [
            (0, "2026-06-01", "2026-12-31", true),
            (0, "2026-06-01", "2027-01-01", false),
            (30, "2026-06-01", "2027-01-30", true),
            (30, "2026-06-01", "2027-01-31", false),
            (30, "2026-12-31", "2027-01-30", true),
            // Nobody is admitted to the run-off.
            (30, "2027-01-01", "2027-01-02", false),
            (30, "2027-01-01", "2026-12-31", true),
            (30, "2026-06-01", "2025-12-31", false),
        ] {
            let judged = judge_day(&convention(run_off), day(admitted_on), day(booked));
            assert_eq!(judged.is_ok(), holds, "{booked}, admitted on {admitted_on}, {run_off} days");
        }
    }

    #[test]
    fn a_booking_is_judged_again_beyond_the_nearest_edge_of_a_period() {
        let firm = |per| Line {
            kind: LineKind::Firm,
            committed: Some(50),
            per,
            counted_from: CountedFrom::Attendance,
            ..Line::counted_acts("places")
        };
        let mut agreed = convention(30);
        agreed.terms.lines = vec![Line::counted_acts("analyses"), firm(Per::Term)];
        assert_eq!(in_june(&agreed), (day("2026-01-01"), day("2026-12-31")));
        agreed.terms.lines.extend([firm(Per::Year), firm(Per::Month)]);
        assert_eq!(in_june(&agreed), (day("2026-06-01"), day("2026-06-30")));
        let judged = judge_day(&agreed, day("2026-06-01"), day("2026-07-15"));
        assert_eq!(judged, Ok((day("2026-07-01"), day("2026-07-31"))));
        // What is done past the end counts in the last month.
        let judged = judge_day(&agreed, day("2026-06-01"), day("2027-01-15"));
        assert_eq!(judged, Ok((day("2026-12-01"), day("2027-01-30"))));
    }

    #[test]
    fn it_says_until_when_and_which_term_fails() {
        let agreed = convention(30);
        for (last_day, until) in [("2026-06-15", "2026-06-15"), ("2027-12-31", "2026-12-31")] {
            let window = booking_window(&agreed.terms, day(last_day), day("2026-06-01"));
            assert_eq!(window, (day("2026-01-01"), day(until)), "as it ends now, and not later than by these terms");
        }
        assert_eq!(in_june(&agreed), (day("2026-01-01"), day("2026-12-31")));
        let judged = judge_day(&agreed, day("2026-06-01"), day("2027-01-15"));
        assert_eq!(judged, Ok((day("2026-01-01"), day("2027-01-30"))));
        let late = judge_day(&agreed, day("2026-06-01"), day("2027-02-15")).unwrap_err();
        let [failure] = late.as_slice() else { panic!("{late:?}") };
        assert_eq!((failure.rule, failure.term), (Rule::ConventionNotInForce, "terms.run_off_days"));
        assert_eq!(failure.passes, ["2026-01-01/2027-01-30"]);
        let early = judge_day(&agreed, day("2026-06-01"), day("2025-12-31")).unwrap_err();
        assert_eq!(early[0].term, "terms.start_date");
    }
}
