//! Chains: a convention that renews another one goes on where that one ended, and whichever is in force on a day judges it.

use std::fmt;

use chrono::NaiveDate;
use relais_platform::{error::Violation, ids::ConventionId};

use super::{Convention, State, Terms};

/// Days from one to another, both of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl Days {
    /// None when the last would lie before the first.
    pub fn try_new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// Whether a day is one of them.
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Those that both share.
    pub fn shared(&self, other: &Self) -> Option<Self> {
        Self::try_new(self.first.max(other.first), self.last.min(other.last))
    }

    /// Whether both share a day.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// As in ISO 8601.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.last)
    }
}

/// Terms that were signed, as far as they say which days are whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Their number.
    pub number: i64,
    /// The first day that they judge.
    pub effective_date: NaiveDate,
    /// The last day, by them.
    pub end_date: NaiveDate,
}

/// A signed convention of a chain, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub id: ConventionId,
    /// What was decided of it.
    pub state: State,
    /// Whether it was suspended when it was terminated.
    pub halted: bool,
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day when it was terminated.
    pub last_day: Option<NaiveDate>,
    /// Its versions, in the order in which they were signed: the days on which they begin to judge grow with it.
    pub versions: Vec<Signed>,
}

impl Link {
    /// The last day on which it admits: by the version signed last, or sooner when it was terminated.
    pub fn last_day(&self) -> NaiveDate {
        let end = self.versions.last().map(|version| version.end_date);
        self.last_day.or(end).unwrap_or(self.start_date)
    }

    /// The days on which it is in force, unless it is suspended.
    pub fn days(&self) -> Option<Days> {
        Days::try_new(self.start_date, self.last_day())
    }

    /// The version that judges a day: the last one of those that begin no later; before the first one's day, the first.
    pub fn version_on(&self, day: NaiveDate) -> Option<i64> {
        let begun = self.versions.iter().rev().find(|version| version.effective_date <= day);
        begun.or(self.versions.first()).map(|version| version.number)
    }

    /// What is known of it for good, as it stands now.
    pub fn standing_over(&self, kept: &Convention) -> Convention {
        Convention { state: self.state, halted: self.halted, last_day: self.last_day(), ..kept.clone() }
    }
}

/// The signed conventions of a chain that somebody is a party of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain(pub Vec<Link>);

impl Chain {
    /// One of them.
    pub fn find(&self, id: ConventionId) -> Option<&Link> {
        self.0.iter().find(|link| link.id == id)
    }

    /// Who judges a day, by which version: the one in force then; on days that are nobody's, the one that was asked for.
    pub fn judge(&self, asked: ConventionId, day: NaiveDate) -> Option<(&Link, i64)> {
        let holds = |link: &&Link| link.days().is_some_and(|days| days.contains(day));
        let link = self.0.iter().find(holds).or_else(|| self.find(asked))?;
        Some((link, link.version_on(day)?))
    }

    /// Those that admit and begin after a day, with the version that judges their first one.
    pub fn following(&self, day: NaiveDate) -> Vec<(&Link, i64)> {
        let after = self.0.iter().filter(|link| link.start_date > day && admits(link.state, link.halted));
        after.filter_map(|link| Some((link, link.version_on(link.start_date)?))).collect()
    }

    /// The days on which one of them admits now.
    pub fn days(&self) -> Vec<Days> {
        self.0.iter().filter(|link| admits(link.state, link.halted)).filter_map(Link::days).collect()
    }
}

/// Whether a convention of which this was decided admits on its days.
fn admits(state: State, halted: bool) -> bool {
    matches!(state, State::Signed | State::Terminated) && !halted
}

impl Convention {
    /// The days on which it is in force, unless it is suspended; none when it was terminated before its first.
    pub fn days(&self) -> Option<Days> {
        Days::try_new(self.terms.start_date, self.last_day)
    }

    /// Whether it admits on its days.
    pub fn admits(&self) -> bool {
        admits(self.state, self.halted)
    }
}

/// What keeps terms from renewing `parent`: all of it.
pub fn renewal_faults(parent: &Convention, terms: &Terms) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut ensure = |holds: bool, rule: &str, told: &str| {
        if !holds {
            faults.push(Violation::new(rule, told));
        }
    };
    ensure(parent.state != State::Draft, "renewal-of-draft", "only a signed convention can be renewed");
    ensure(!parent.renewed, "convention-renewed", "another convention renews it already");
    let later = terms.start_date > parent.terms.start_date;
    ensure(later, "renewal-before-parent", "a renewal begins after the convention that it renews");
    let own = Days::try_new(terms.start_date, terms.end_date);
    let shared = own.zip(parent.days()).is_some_and(|(own, parents)| own.overlaps(&parents));
    ensure(!shared, "chain-overlap", "two conventions of a chain share no day");
    faults
}

#[cfg(test)]
mod tests;
