//! When something is left again of what a used-up line commits: in its later periods, and under the conventions of the chain that follow.
//!
//! What is looked at is named here first, for all of it is asked at once; then what is full, and the days that are left follow.

use chrono::NaiveDate;
use relais_platform::ids::{Child, ConventionId, SiteId};

use super::{Convention, Days, Failure, Line, LineScope, Why, exhausted::refuses, place_of};

/// The most periods of a line that are looked at: three years of months.
const MOST: usize = 36;

/// A line in one of its periods, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The convention.
    pub convention: ConventionId,
    /// The line.
    pub line_id: String,
    /// The site; none: all together.
    pub site: Option<SiteId>,
    /// The first day of the period: it names the meter.
    pub starts: NaiveDate,
    /// Its days on which the convention admits.
    pub days: Days,
}

/// The periods of lines that are to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// Later ones of the lines that are used up.
    later: Vec<Stretch>,
    /// Of each convention that follows: its days, and the periods of each line that could refuse.
    following: Vec<(Days, Vec<Vec<Stretch>>)>,
}

/// What would pass of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// The first later period with something left, of each line that has one.
    pub later: Vec<Stretch>,
    /// The first days of each convention that follows on which all of its lines have something left.
    pub following: Vec<Days>,
}

impl Prospect {
    /// Of what is asked of a convention and failed; none where no line is used up. `following` are the conventions of the chain after it.
    pub fn find(
        convention: &Convention,
        following: &[Convention],
        failed: &[Failure],
        (site, approved): (Option<Child<SiteId>>, bool),
    ) -> Option<Self> {
        let used_up = |line: &&Line| failed.iter().any(|failure| is_of(failure, line));
        let mut lines = convention.terms.lines.iter().filter(used_up).peekable();
        lines.peek()?;
        let later = |line: &Line| {
            let last = failed.iter().find(|failure| is_of(failure, line)).and_then(last_of);
            stretches(convention, line, site, last.and_then(|last| last.succ_opt()))
        };
        let could_refuse = |next: &Convention| {
            let lines = next.terms.lines.iter().filter(|line| refuses(&next.terms, line, approved));
            let lines = lines.map(|line| stretches(next, line, site, Some(next.terms.start_date)));
            Some((next.days()?, lines.collect()))
        };
        Some(Self {
            later: lines.flat_map(later).collect(),
            following: following.iter().filter_map(could_refuse).collect(),
        })
    }

    /// All that is to be looked at.
    pub fn stretches(&self) -> Vec<&Stretch> {
        self.later.iter().chain(self.following.iter().flat_map(|(_, lines)| lines.iter().flatten())).collect()
    }

    /// What is left, where these are full.
    pub fn room(&self, full: &[Stretch]) -> Room {
        let is_open = |stretch: &&Stretch| !full.contains(stretch);
        let mut later: Vec<Stretch> = self.later.iter().filter(is_open).cloned().collect();
        later.dedup_by(|next, first| next.line_id == first.line_id);
        let days = |(days, lines): &(Days, Vec<Vec<Stretch>>)| {
            lines.iter().try_fold(*days, |days, line| days.shared(&line.iter().find(is_open)?.days))
        };
        Room { later, following: self.following.iter().filter_map(days).collect() }
    }
}

fn is_of(failure: &Failure, line: &Line) -> bool {
    matches!(&failure.why, Why::UsedUp(id, _) | Why::BudgetUsedUp(id, _) if *id == line.line_id)
}

/// Until when all of it is taken.
fn last_of(failure: &Failure) -> Option<NaiveDate> {
    match &failure.why {
        Why::UsedUp(_, last) | Why::BudgetUsedUp(_, last) => Some(*last),
        _ => None,
    }
}

/// The periods of a line from a day on, until the convention ends. None where each site counts and none is named, or another one's.
fn stretches(
    convention: &Convention,
    line: &Line,
    site: Option<Child<SiteId>>,
    from: Option<NaiveDate>,
) -> Vec<Stretch> {
    let terms = &convention.terms;
    let receives = |site: Child<SiteId>| terms.sites.is_empty() || terms.sites.contains(&site);
    let nowhere = line.scope == LineScope::Site && !site.is_some_and(receives);
    let period = |day: NaiveDate| {
        let (starts, ends) = line.period((terms.start_date, terms.end_date), day);
        Some(Stretch {
            convention: convention.id,
            line_id: line.line_id.clone(),
            site: place_of(line, site),
            starts,
            days: Days::try_new(starts, ends.min(convention.last_day))?,
        })
    };
    let end = terms.end_date.min(convention.last_day);
    let on = |day: NaiveDate| Some(day).filter(|day| *day <= end && !nowhere);
    let first = from.and_then(on).and_then(period);
    std::iter::successors(first, |last| last.days.last.succ_opt().and_then(on).and_then(period)).take(MOST).collect()
}

#[cfg(test)]
mod tests;
