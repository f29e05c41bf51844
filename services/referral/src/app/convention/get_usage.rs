//! Reports what was given under a line.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::ConventionId,
};

use super::get_for_caller;
use crate::{
    domain::convention::{Figure, Period},
    store::convention,
};

/// The most figures of a report.
const MOST: i64 = 5000;

/// Reports by month and site.
#[derive(Debug, Clone)]
pub struct GetUsage {
    /// The convention.
    pub convention: ConventionId,
    /// The line.
    pub line_id: String,
    /// The months.
    pub period: Period,
}

impl UseCase for GetUsage {
    type Outcome = Vec<Figure>;
    const NAME: &'static str = "get_usage";
    // The ledger is a worker's; whether the caller may know its figures is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.convention)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Figure>> {
        let convention = get_for_caller(unit, self.convention).await?;
        let invalid = |field: &str, rule: &str| Error::invalid(vec![Violation::new(field, rule)]);
        if !convention.terms.lines.iter().any(|line| line.line_id == self.line_id) {
            return Err(invalid("line_id", "must be a line of the convention"));
        }
        let line = (self.convention, self.line_id.as_str());
        let figures = convention::list_figures(unit, line, self.period, MOST + 1).await?;
        unit.audit(self.convention);
        if i64::try_from(figures.len()).is_ok_and(|count| count <= MOST) {
            Ok(figures)
        } else {
            Err(invalid("last_month", "must be nearer: the report is too long"))
        }
    }
}
