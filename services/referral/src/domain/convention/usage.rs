//! What was given under a convention, in figures.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use relais_platform::{
    error::{Error, Violation},
    ids::{Child, ConventionId, ReferralId, ReportId, SiteId},
};

/// The most months that are reported at once.
const MOST: u32 = 60;

/// Whole months, by their first days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl Period {
    /// From the month of one day to that of another.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it ends before it begins, or is longer than is reported at once.
    pub fn try_new(start: NaiveDate, end: NaiveDate) -> Result<Self, Error> {
        let month = |day: NaiveDate| day.with_day(1).unwrap_or(day);
        let fault = |rule: &str| Err(Error::invalid(vec![Violation::new("last_month", rule)]));
        match (month(start), month(end)) {
            _ if end < start => fault("must not lie before first_month"),
            (first, last) if first.checked_add_months(Months::new(MOST)).is_some_and(|limit| limit <= last) => {
                fault("must lie within 60 months")
            }
            (first, last) => Ok(Self { first, last }),
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The convention, in the version that admitted the referral.
    pub convention: (ConventionId, i64),
    /// The line.
    pub line_id: String,
    /// The referral.
    pub referral: ReferralId,
    /// The report that told of it, and in which version.
    pub report: (ReportId, i64),
    /// Where; none when no site was named.
    pub site: Option<Child<SiteId>>,
    /// When it was done, by the site's calendar.
    pub local_date: NaiveDate,
    /// How much; less than nothing where it takes another entry back.
    pub quantity: i64,
    /// When it was entered.
    pub entry_time: DateTime<Utc>,
}

/// What was given in a month at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// The first day of the month.
    pub month: NaiveDate,
    /// Where; none when no site was named.
    pub site: Option<Child<SiteId>>,
    /// How much, in the line's measure.
    pub quantity: i64,
}

/// A sum that the ledger does not bear out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line.
    pub line_id: String,
    /// Which figure: `given`, or one of a meter.
    pub figure: String,
    /// Month (of a meter the first day of its period), place, and what is reported.
    pub reported: Figure,
    /// What the entries amount to.
    pub counted: i64,
}

/// What adding up the ledger anew came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// How many entries.
    pub entries: i64,
    /// What they amount to.
    pub total: i64,
    /// Sums that differ.
    pub differences: Vec<Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_of_whole_months_and_not_too_long() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let year = Period::try_new(day("2026-01-31"), day("2026-12-01")).unwrap();
        assert_eq!(year, Period { first: day("2026-01-01"), last: day("2026-12-01") });
        for (end, good) in [("2026-01-30", false), ("2026-01-31", true), ("2030-12-31", true), ("2031-01-01", false)] {
            assert_eq!(Period::try_new(day("2026-01-31"), day(end)).is_ok(), good, "{end}");
        }
    }
}
