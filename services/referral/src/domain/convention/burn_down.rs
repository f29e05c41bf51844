//! How a meter's period goes: what was taken by the end of each month, and when nothing will be left at this pace.

use chrono::{Datelike, Days, Months, NaiveDate};
use relais_platform::ids::{Child, SiteId};

use super::{Line, LineKind, Measure};

/// What had been taken by the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The day.
    pub day: NaiveDate,
    /// Reserved and used by then.
    pub taken: i64,
    /// Left by then.
    pub left: i64,
}

/// What the ledger says was moved of a meter in a month of its entries (UTC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// The first day of the month.
    pub month: NaiveDate,
    /// Promised.
    pub committed: i64,
    /// Reserved, less what was given back or used.
    pub reserved: i64,
    /// Used, less what was taken back.
    pub used: i64,
    /// Given back.
    pub released: i64,
}

/// The meter of a line, as it stood at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterFigures {
    /// The line.
    pub line_id: String,
    /// What it counts.
    pub measure: Measure,
    /// How binding it is.
    pub kind: LineKind,
    /// The currency of money.
    pub currency: Option<String>,
    /// The period.
    pub period: (NaiveDate, NaiveDate),
    /// The site; none: all together.
    pub site: Option<Child<SiteId>>,
    /// What was promised.
    pub committed: i64,
    /// What is promised to referrals that are under way.
    pub reserved: i64,
    /// What was given.
    pub used: i64,
    /// What was reserved and given back.
    pub released: i64,
    /// How much of the period's days have passed, in percent.
    pub elapsed_percent: i32,
    /// By the end of each month.
    pub burn_down: Vec<Point>,
    /// The day on which nothing would be left.
    pub exhaustion_date: Option<NaiveDate>,
}

impl MeterFigures {
    /// Of a line in a period, as the ledger's entries until the end of `day` have it; `promised` where it has none yet.
    pub fn of(
        line: &Line,
        period: (NaiveDate, NaiveDate),
        site: Option<Child<SiteId>>,
        day: NaiveDate,
        moved: &[Moved],
    ) -> Self {
        let sum = |part: fn(&Moved) -> i64| moved.iter().map(part).sum::<i64>();
        let promised = sum(|moved| moved.committed);
        let committed = if moved.is_empty() { line.committed.unwrap_or_default() } else { promised };
        let (reserved, used) = (sum(|moved| moved.reserved), sum(|moved| moved.used));
        let figures = Self {
            line_id: line.line_id.clone(),
            measure: line.measure,
            kind: line.kind,
            currency: line.currency.clone(),
            period,
            site,
            committed,
            reserved,
            used,
            released: sum(|moved| moved.released),
            elapsed_percent: elapsed(period, day),
            burn_down: Vec::new(),
            exhaustion_date: None,
        };
        let (burn_down, exhaustion_date) = (figures.burn_down(day, moved), figures.exhaustion(day));
        Self { burn_down, exhaustion_date, ..figures }
    }

    /// Reserved and used.
    pub fn taken(&self) -> i64 {
        self.reserved + self.used
    }

    /// What may still be reserved.
    pub fn left(&self) -> i64 {
        (self.committed - self.taken()).max(0)
    }

    /// What is a fact though nothing was left; nothing is beyond a line without a limit.
    pub fn beyond(&self) -> i64 {
        if self.kind == LineKind::Counted { 0 } else { (self.taken() - self.committed).max(0) }
    }

    /// How much of the promise is taken, in percent.
    pub fn used_percent(&self) -> i32 {
        let percent = self.taken().saturating_mul(100).checked_div(self.committed).unwrap_or_default();
        i32::try_from(percent).unwrap_or(i32::MAX)
    }

    fn burn_down(&self, day: NaiveDate, moved: &[Moved]) -> Vec<Point> {
        let until = day.min(self.period.1);
        let (mut points, mut month) = (Vec::new(), self.period.0.with_day(1));
        while let Some(first) = month.filter(|first| *first <= until) {
            let next = first.checked_add_months(Months::new(1));
            let end = next.and_then(|next| next.pred_opt()).map_or(until, |last| last.min(until));
            // Of what was entered after the period, the last point tells too: it is the meter's.
            let by_then = |moved: &&Moved| moved.month <= first || end == until;
            let taken = moved.iter().filter(by_then).map(|moved| moved.reserved + moved.used).sum();
            points.push(Point { day: end, taken, left: (self.committed - taken).max(0) });
            month = next;
        }
        points
    }

    /// A straight line from the period's first day: as much is taken on each day to come as on the average of those that passed.
    pub(super) fn exhaustion(&self, day: NaiveDate) -> Option<NaiveDate> {
        let (first, last) = self.period;
        let (taken, until) = (self.taken(), day.min(last));
        if self.kind == LineKind::Counted || taken <= 0 || until < first {
            return None;
        }
        let passed = (until - first).num_days() + 1;
        // Rounded up: on that day the last of it goes.
        let further = (i128::from(self.left()) * i128::from(passed) + i128::from(taken) - 1) / i128::from(taken);
        let date = until.checked_add_days(Days::new(u64::try_from(further).ok()?))?;
        (date <= last).then_some(date)
    }
}

/// How much of a period's days have passed at the end of a day, in percent.
fn elapsed((first, last): (NaiveDate, NaiveDate), day: NaiveDate) -> i32 {
    let days = |from: NaiveDate, to: NaiveDate| (to - from).num_days() + 1;
    let passed = days(first, day).clamp(0, days(first, last));
    i32::try_from(passed * 100 / days(first, last).max(1)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line() -> Line {
        Line { kind: LineKind::Firm, committed: Some(100), ..Line::counted_acts("places") }
    }

    fn moved(month: &str, committed: i64, reserved: i64, used: i64, released: i64) -> Moved {
        Moved { month: day(month), committed, reserved, used, released }
    }

    #[test]
    fn a_forecast_is_a_straight_line_from_the_first_day() {
        let year = (day("2025-01-01"), day("2025-12-31"));
        let ledger = [moved("2025-01-01", 100, 20, 0, 1), moved("2025-02-01", 0, -10, 10, 0)];
        // 20 in 59 days: 80 are left for 236 more.
        let figures = MeterFigures::of(&line(), year, None, day("2025-02-28"), &ledger);
        assert_eq!((figures.committed, figures.reserved, figures.used, figures.released), (100, 10, 10, 1));
        assert_eq!((figures.left(), figures.beyond(), figures.used_percent()), (80, 0, 20));
        assert_eq!(figures.elapsed_percent, 16);
        assert_eq!(figures.exhaustion_date, Some(day("2025-10-22")));
        let point = |on: &str, taken, left| Point { day: day(on), taken, left };
        assert_eq!(figures.burn_down, [point("2025-01-31", 20, 80), point("2025-02-28", 20, 80)]);
    }

    #[test]
    fn where_nothing_was_taken_or_too_little_nothing_is_foretold() {
        let year = (day("2025-01-01"), day("2025-12-31"));
        let fresh = MeterFigures::of(&line(), year, None, day("2025-06-30"), &[]);
        assert_eq!((fresh.committed, fresh.left(), fresh.exhaustion_date), (100, 100, None));
        let slow = MeterFigures::of(&line(), year, None, day("2025-06-30"), &[moved("2025-05-01", 100, 1, 0, 0)]);
        assert_eq!(slow.exhaustion_date, None, "not within the period");
        let counted = Line::counted_acts("acts");
        let counted = MeterFigures::of(&counted, year, None, day("2025-06-30"), &[moved("2025-05-01", 0, 0, 9, 0)]);
        assert_eq!((counted.left(), counted.beyond(), counted.used_percent()), (0, 0, 0));
        assert_eq!(counted.exhaustion_date, None);
    }

    #[test]
    fn what_is_beyond_is_used_up_already() {
        let year = (day("2025-01-01"), day("2025-12-31"));
        let over = MeterFigures::of(&line(), year, None, day("2026-01-31"), &[moved("2026-01-01", 100, 0, 130, 0)]);
        assert_eq!((over.left(), over.beyond(), over.used_percent(), over.elapsed_percent), (0, 30, 130, 100));
        assert_eq!(over.exhaustion_date, Some(day("2025-12-31")));
        assert_eq!(over.burn_down.last().map(|point| point.taken), Some(130));
    }
}
