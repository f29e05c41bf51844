//! Reports what was given under a line, and what was promised, reserved, used and left.

use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::ConventionId,
};

use super::{get_for_caller, steps_for};
use crate::{
    domain::convention::{Convention, CountedFrom, Figure, Line, LineScope, Measure, MeterFigures, Period, Steps},
    store::convention,
};

/// The most figures of a report.
const MOST: i64 = 5000;

/// The line of which figures are told, and the months.
#[derive(Debug, Clone)]
pub struct OfLine {
    /// The line.
    pub line_id: String,
    /// The months.
    pub period: Period,
}

/// Reports by month and site, and by meter.
#[derive(Debug, Clone)]
pub struct GetUsage {
    /// The convention.
    pub convention: ConventionId,
    /// One line; none: the meters of all.
    pub line: Option<OfLine>,
    /// The day for which meters are told; none: today.
    pub as_of: Option<NaiveDate>,
}

/// What is reported.
#[derive(Debug)]
pub struct Usage {
    /// What was given, by month and site.
    pub figures: Vec<Figure>,
    /// What stands on each meter.
    pub meters: Vec<MeterFigures>,
    /// The steps in which counts of people are told.
    pub steps: Steps,
}

impl UseCase for GetUsage {
    type Outcome = Usage;
    const NAME: &'static str = "get_usage";
    // The ledgers are a worker's; whether the caller may know their figures is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.convention)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Usage> {
        let convention = get_for_caller(unit, self.convention).await?;
        let is_asked = |line: &&Line| self.line.as_ref().is_none_or(|asked| asked.line_id == line.line_id);
        let lines: Vec<_> = convention.terms.lines.iter().filter(is_asked).collect();
        if lines.is_empty() {
            return Err(invalid("line_id", "must be a line of the convention"));
        }
        let day = self.day(unit)?;
        let steps = steps_for(unit.caller()?, &convention);
        let figures = match (&self.line, lines.first()) {
            (Some(asked), Some(line)) => steps.figures(line, self.figures(unit, line, asked.period).await?),
            _ => Vec::new(),
        };
        // No period holds a day before the first; after the end, what comes late still counts in the last ones.
        let begun = day >= convention.terms.start_date;
        let meters = if begun { meters(unit, &convention, &lines, (day, steps)).await? } else { Vec::new() };
        unit.audit(self.convention);
        if meters.len() > usize::try_from(MOST).unwrap_or_default() {
            return Err(invalid("line_id", "must be given: the report is too long"));
        }
        Ok(Usage { figures, meters, steps })
    }
}

impl GetUsage {
    /// The day that is asked for: one that has begun somewhere on Earth.
    fn day(&self, unit: &Unit<'_>) -> Result<NaiveDate> {
        let now = unit.now();
        match self.as_of {
            Some(day) if day > (now + TimeDelta::hours(14)).date_naive() => {
                Err(invalid("as_of", "must not be a day to come"))
            }
            day => Ok(day.unwrap_or(now.date_naive())),
        }
    }

    async fn figures(&self, unit: &mut Unit<'_>, line: &Line, months: Period) -> Result<Vec<Figure>> {
        let of = (self.convention, line.line_id.as_str());
        let figures = if line.counted_from == CountedFrom::Report && line.measure == Measure::Acts {
            convention::list_figures(unit, of, months, MOST + 1).await?
        } else {
            convention::list_given(unit, of, months, MOST + 1).await?
        };
        if i64::try_from(figures.len()).is_ok_and(|count| count <= MOST) {
            Ok(figures)
        } else {
            Err(invalid("last_month", "must be nearer: the report is too long"))
        }
    }
}

/// The meters of some lines in the periods of a day, as the ledgers stood at its end.
async fn meters(
    unit: &mut Unit<'_>,
    agreed: &Convention,
    lines: &[&Line],
    (day, steps): (NaiveDate, Steps),
) -> Result<Vec<MeterFigures>> {
    let (terms, id) = (&agreed.terms, agreed.id);
    let until = (day.and_time(NaiveTime::MIN) + TimeDelta::days(1)).and_local_timezone(Utc).earliest();
    let until = until.map_or(unit.now(), |end| end - TimeDelta::microseconds(1));
    let period = |line: &Line| line.period((terms.start_date, terms.end_date), day);
    let named: Vec<_> = lines.iter().map(|line| line.line_id.clone()).collect();
    let starts: Vec<_> = lines.iter().map(|line| period(line).0).collect();
    let mut entered = convention::list_meters(unit, id, (&named, &starts), until).await?;
    let mut meters = Vec::new();
    for line in lines {
        let mut unknown = match line.scope {
            LineScope::All => vec![None],
            LineScope::Site => terms.sites.iter().copied().map(Some).collect(),
        };
        for meter in entered.extract_if(.., |meter| meter.line_id == line.line_id) {
            unknown.retain(|site| *site != meter.site);
            let exact = MeterFigures::of(line, period(line), meter.site, day, &meter.moved);
            meters.push(steps.meter(line, exact, day));
        }
        for site in unknown {
            // What reports tell on a counted line moves no meter: the ledger of acts is all there is.
            let told = line.counts_referrals() && !line.is_metered();
            let of = (id, line.line_id.as_str());
            let moved = if told { convention::list_told(unit, of, period(line), until).await? } else { Vec::new() };
            // What the terms commit that judge that period: later ones may be signed.
            let named = (line.line_id.as_str(), period(line).0);
            let promise = convention::find_promise(unit, id, named, site.map(|site| site.id)).await?;
            let promised = Line { committed: promise.or(line.committed), ..(*line).clone() };
            let exact = MeterFigures::of(&promised, period(line), site, day, &moved);
            meters.push(steps.meter(line, exact, day));
        }
    }
    Ok(meters)
}

fn invalid(field: &str, rule: &str) -> Error {
    Error::invalid(vec![Violation::new(field, rule)])
}
