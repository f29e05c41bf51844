//! Periods of statements: whole days, over before they are stated, one after another.

use chrono::{Datelike, Months, NaiveDate};
use relais_platform::error::{Error, Violation};

/// The longest period, in months.
const LONGEST: u32 = 60;

/// Whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl Days {
    /// From a day to a day.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it ends before it begins, or is longer than is stated at once.
    pub fn try_new(first: NaiveDate, last: NaiveDate) -> Result<Self, Error> {
        let fault = |rule: &str| Err(Error::invalid(vec![Violation::new("last_day", rule)]));
        match first.checked_add_months(Months::new(LONGEST)) {
            _ if last < first => fault("must not lie before first_day"),
            Some(limit) if limit <= last => fault("must lie within 60 months of first_day"),
            _ => Ok(Self { first, last }),
        }
    }

    /// The months in which it lies, by their first days.
    pub fn months(&self) -> Vec<NaiveDate> {
        let first = self.first.with_day(1).unwrap_or(self.first);
        let next = |month: &NaiveDate| month.checked_add_months(Months::new(1));
        std::iter::successors(Some(first), next).take_while(|month| *month <= self.last).collect()
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Holds a period against those that were stated, and against `today`, the earliest at any of the convention's sites.
///
/// # Errors
/// FAILED_PRECONDITION with each rule that fails.
pub fn ensure_follows(days: Days, earlier: &[Days], today: NaiveDate) -> Result<(), Error> {
    let mut failed = Vec::new();
    if days.last >= today {
        let over = "the period is not over yet at each site";
        failed.push(Violation::new("period-not-over", over).of("last_day", vec![]));
    }
    let last = earlier.iter().map(|before| before.last).max();
    if earlier.iter().any(|before| before.overlaps(&days)) {
        failed.push(overlap(last));
    } else if let Some(last) = last.filter(|last| days.first <= *last) {
        let follows = format!("statements follow each other: the last one ends with {last}");
        failed.push(Violation::new("period-out-of-order", follows).of("first_day", after(Some(last))));
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::refused("STATEMENT_REFUSED", failed)) }
}

/// The rule of periods that overlap.
fn overlap(last: Option<NaiveDate>) -> Violation {
    Violation::new("period-overlaps", "days of the period were stated before").of("first_day", after(last))
}

fn after(last: Option<NaiveDate>) -> Vec<String> {
    last.and_then(|last| last.succ_opt()).into_iter().map(|day| day.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: &str, last: &str) -> Days {
        Days::try_new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    fn rules(result: Result<(), Error>) -> Vec<String> {
        result.err().map(|error| error.violations.into_iter().map(|v| v.subject).collect()).unwrap_or_default()
    }

    #[test]
    fn a_period_is_of_one_day_at_least_and_not_too_long() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (last, good) in [("2026-01-30", false), ("2026-01-31", true), ("2031-01-30", true), ("2031-01-31", false)] {
            assert_eq!(Days::try_new(day("2026-01-31"), day(last)).is_ok(), good, "{last}");
        }
    }

    #[test]
    fn a_period_lies_in_whole_months_and_parts_of_them() {
        let months = days("2026-01-31", "2026-03-01").months();
        assert_eq!(
            months.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2026-01-01", "2026-02-01", "2026-03-01"]
        );
    }

    #[test]
    fn periods_follow_each_other_and_are_over() {
        let earlier = [days("2026-01-01", "2026-01-31"), days("2026-03-01", "2026-03-31")];
        let today = "2026-05-01".parse().unwrap();
        assert!(ensure_follows(days("2026-04-01", "2026-04-30"), &earlier, today).is_ok());
        let judged = |first, last| rules(ensure_follows(days(first, last), &earlier, today));
        assert_eq!(judged("2026-04-01", "2026-05-01"), ["period-not-over"]);
        assert_eq!(judged("2026-03-31", "2026-05-01"), ["period-not-over", "period-overlaps"]);
        assert_eq!(judged("2026-02-01", "2026-02-28"), ["period-out-of-order"]);
        assert_eq!(judged("2025-12-01", "2026-04-30"), ["period-overlaps"]);
        let refused = ensure_follows(days("2026-02-01", "2026-02-28"), &earlier, today).unwrap_err();
        assert_eq!(refused.violations[0].passes, ["2026-04-01"]);
    }
}
