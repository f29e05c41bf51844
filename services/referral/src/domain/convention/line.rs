//! Lines: what a convention commits, for how long and where, and what counts as given.

use chrono::{Datelike, Months, NaiveDate};
use relais_platform::text_enum;
use serde::{Deserialize, Serialize};

use super::currency;

/// The most that a line commits.
pub const MOST_COMMITTED: i64 = 1_000_000_000_000;

text_enum! {
    /// What a line counts.
    pub enum Measure {
        /// Acts.
        Acts = "acts",
        /// Persons: several referrals of a patient share one place.
        Persons = "persons",
        /// Money, in the minor unit of its currency.
        Money = "money",
        /// Minutes of staff.
        StaffMinutes = "staff-minutes",
    }
}

text_enum! {
    /// How binding a line is.
    pub enum LineKind {
        /// Counted, without a limit.
        Counted = "counted",
        /// No more is reserved than was committed.
        Firm = "firm",
        /// What was committed is a target.
        Soft = "soft",
    }
}

text_enum! {
    /// For how long what is committed lasts.
    #[derive(Default)]
    pub enum Per {
        /// All the convention's term.
        #[default]
        Term = "term",
        /// Each year of the convention, counted from its first day.
        Year = "year",
        /// Each month of the calendar.
        Month = "month",
    }
}

text_enum! {
    /// For which places what is committed counts.
    #[derive(Default)]
    pub enum LineScope {
        /// All sites together.
        #[default]
        All = "all",
        /// Each site has as much.
        Site = "site",
    }
}

text_enum! {
    /// When a referral takes its place.
    #[derive(Default)]
    pub enum ReserveAt {
        /// When it is submitted.
        #[default]
        Submission = "submission",
        /// When it is accepted.
        Acceptance = "acceptance",
    }
}

text_enum! {
    /// What becomes of a referral when a firm line is used up.
    #[derive(Default)]
    pub enum OnExhausted {
        /// It is not admitted.
        #[default]
        Refuse = "refuse",
        /// It waits.
        Waitlist = "waitlist",
        /// It is admitted when somebody answers for it.
        LetThrough = "let-through",
    }
}

text_enum! {
    /// What turns a reserved place into a used one.
    #[derive(Default)]
    pub enum CountedFrom {
        /// That the patient was seen, or that results are there.
        Attendance = "attendance",
        /// Reports: as many acts as they tell.
        #[default]
        Report = "report",
    }
}

/// What is committed, and how it is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Unique within the convention.
    pub line_id: String,
    /// What it counts.
    pub measure: Measure,
    /// How binding it is.
    pub kind: LineKind,
    /// How much, for each period and place; none on a counted line.
    #[serde(default)]
    pub committed: Option<i64>,
    /// The currency of money.
    #[serde(default)]
    pub currency: Option<String>,
    /// For how long.
    #[serde(default)]
    pub per: Per,
    /// Where.
    #[serde(default)]
    pub scope: LineScope,
    /// When a referral takes its place.
    #[serde(default)]
    pub reserve_at: ReserveAt,
    /// What becomes of a referral when it is used up.
    #[serde(default)]
    pub on_exhausted: OnExhausted,
    /// What counts as given.
    #[serde(default)]
    pub counted_from: CountedFrom,
}

impl Line {
    /// A line that counts acts as reports tell them, without a limit.
    pub fn counted_acts(line_id: impl Into<String>) -> Self {
        Self {
            line_id: line_id.into(),
            measure: Measure::Acts,
            kind: LineKind::Counted,
            committed: None,
            currency: None,
            per: Per::Term,
            scope: LineScope::All,
            reserve_at: ReserveAt::Submission,
            on_exhausted: OnExhausted::Refuse,
            counted_from: CountedFrom::Report,
        }
    }

    /// Whether it is another line's later form: its meters go on.
    pub(super) fn counts_as(&self, other: &Self) -> bool {
        let what = |line: &Self| (line.measure, line.per, line.scope, line.counted_from, line.committed.is_some());
        (&self.line_id, &self.currency, what(self)) == (&other.line_id, &other.currency, what(other))
    }

    /// Whether referrals count on it.
    pub fn counts_referrals(&self) -> bool {
        matches!(self.measure, Measure::Acts | Measure::Persons)
    }

    /// Whether steps of referrals move a meter of it. What reports tell on a counted line stands in the ledger of acts alone.
    pub fn is_metered(&self) -> bool {
        self.counts_referrals() && (self.committed.is_some() || self.counted_from == CountedFrom::Attendance)
    }

    /// Whether nothing is reserved on it that is not left.
    pub fn is_firm(&self) -> bool {
        self.kind == LineKind::Firm
    }

    /// Whether referrals wait for its places when none is left, in the order of the waiting list.
    pub fn makes_wait(&self) -> bool {
        self.is_firm() && self.counts_referrals() && self.on_exhausted == OnExhausted::Waitlist
    }

    /// The period that holds a day, by its first and last day, under a convention of these dates. A day outside of them counts in the
    /// nearest period: what was admitted before the end may be done after it.
    pub fn period(&self, (start, end): (NaiveDate, NaiveDate), day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let day = day.clamp(start, end.max(start));
        let (first, next) = match self.per {
            Per::Term => (Some(start), None),
            Per::Year => {
                let years = u32::try_from(whole_years(start, day)).unwrap_or_default();
                let after = |years: u32| start.checked_add_months(Months::new(12 * years));
                (after(years), after(years + 1))
            }
            Per::Month => {
                let first = day.with_day(1);
                (first, first.and_then(|first| first.checked_add_months(Months::new(1))))
            }
        };
        let last = next.and_then(|next| next.pred_opt()).map_or(end, |last| last.min(end));
        let first = first.unwrap_or(start).max(start);
        (first, last.max(first))
    }

    /// Tells `ensure` all that is wrong with it, by its own fields.
    pub(super) fn faults(&self, ensure: &mut impl FnMut(&str, bool, &str)) {
        let counted = self.kind == LineKind::Counted;
        let committed = self.committed.is_some_and(|committed| (1..=MOST_COMMITTED).contains(&committed));
        ensure("committed", counted || committed, "must be between 1 and 1000000000000");
        ensure("committed", !counted || self.committed.is_none(), "must be absent on a counted line");
        let money = self.measure == Measure::Money;
        let known = self.currency.as_deref().is_some_and(|code| currency::minor_digits(code).is_some());
        ensure("currency", !money || known, "must be a currency of ISO 4217 whose minor units are defined");
        ensure("currency", money || self.currency.is_none(), "must be absent unless the line counts money");
        let together = self.scope == LineScope::All;
        ensure("scope", !money || together, "must be all sites together on a line of money");
        let reports = self.counted_from == CountedFrom::Report;
        let acts = self.measure == Measure::Acts;
        ensure("counted_from", acts || !reports, "reports count acts alone");
        let waits = self.on_exhausted != OnExhausted::Refuse;
        let may_wait = self.is_firm() && self.counts_referrals();
        ensure("on_exhausted", !waits || may_wait, "is for firm lines of acts or persons");
    }
}

/// Whole years from one day to another: the day of the year counts, and 29 February is kept on the last of the month.
fn whole_years(start: NaiveDate, day: NaiveDate) -> i32 {
    let years = day.year() - start.year();
    let turn = u32::try_from(years).ok().and_then(|years| start.checked_add_months(Months::new(12 * years)));
    if turn.is_some_and(|turn| turn > day) { years - 1 } else { years }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn firm(per: Per) -> Line {
        let counted = Line::counted_acts("places");
        Line { kind: LineKind::Firm, committed: Some(50), per, counted_from: CountedFrom::Attendance, ..counted }
    }

    fn faults(line: &Line) -> Vec<String> {
        let mut found = Vec::new();
        line.faults(&mut |field: &str, holds, _: &str| {
            if !holds {
                found.push(field.to_string());
            }
        });
        found
    }

    #[test]
    fn a_period_is_the_term_a_year_of_the_convention_or_a_month() {
        let dates = (day("2024-02-29"), day("2026-06-15"));
        let of = |per, on: &str| firm(per).period(dates, day(on));
        let period = |first: &str, last: &str| (day(first), day(last));
        assert_eq!(of(Per::Term, "2025-01-01"), dates);
        assert_eq!(of(Per::Year, "2024-02-29"), period("2024-02-29", "2025-02-27"));
        assert_eq!(of(Per::Year, "2025-02-27"), period("2024-02-29", "2025-02-27"));
        assert_eq!(of(Per::Year, "2025-02-28"), period("2025-02-28", "2026-02-27"));
        assert_eq!(of(Per::Year, "2026-06-15"), period("2026-02-28", "2026-06-15"));
        assert_eq!(of(Per::Month, "2024-02-29"), period("2024-02-29", "2024-02-29"));
        assert_eq!(of(Per::Month, "2025-12-31"), period("2025-12-01", "2025-12-31"));
        assert_eq!(of(Per::Month, "2026-06-15"), period("2026-06-01", "2026-06-15"));
        // What is done after the end counts in the last period, and nothing lies before the first.
        assert_eq!(of(Per::Month, "2026-09-01"), period("2026-06-01", "2026-06-15"));
        assert_eq!(of(Per::Year, "2020-01-01"), period("2024-02-29", "2025-02-27"));
    }

    #[test]
    fn every_commitment_that_makes_no_sense_is_told() {
        assert_eq!(faults(&Line::counted_acts("a")), [""; 0]);
        assert_eq!(faults(&firm(Per::Month)), [""; 0]);
        for committed in [None, Some(0), Some(-1), Some(MOST_COMMITTED + 1), Some(i64::MAX)] {
            assert_eq!(faults(&Line { committed, ..firm(Per::Term) }), ["committed"], "{committed:?}");
        }
        assert_eq!(faults(&Line { committed: Some(1), ..Line::counted_acts("a") }), ["committed"]);
        let money = |currency: Option<&str>| Line {
            measure: Measure::Money,
            currency: currency.map(Into::into),
            ..firm(Per::Term)
        };
        for good in ["EUR", "JPY", "TND"] {
            assert_eq!(faults(&money(Some(good))), [""; 0], "{good}");
        }
        // Unknown, no code, gold, drawing rights, for tests.
        for bad in [None, Some("EUX"), Some("eur"), Some("XAU"), Some("XDR"), Some("XTS")] {
            assert_eq!(faults(&money(bad)), ["currency"], "{bad:?}");
        }
        assert_eq!(faults(&Line { currency: Some("EUR".into()), ..firm(Per::Term) }), ["currency"]);
        assert_eq!(faults(&Line { scope: LineScope::Site, ..money(Some("EUR")) }), ["scope"]);
        let persons = Line { measure: Measure::Persons, counted_from: CountedFrom::Report, ..firm(Per::Term) };
        assert_eq!(faults(&persons), ["counted_from"]);
        let soft = Line { kind: LineKind::Soft, on_exhausted: OnExhausted::Waitlist, ..firm(Per::Term) };
        assert_eq!(faults(&soft), ["on_exhausted"]);
    }

    #[test]
    fn what_was_stored_before_is_the_usual() {
        let stored = r#"{"line_id": "analyses", "measure": "acts", "kind": "counted"}"#;
        assert_eq!(serde_json::from_str::<Line>(stored).unwrap(), Line::counted_acts("analyses"));
    }
}
