//! Statements: what a funder is told of a convention, period by period. Closed, a statement never changes.
//!
//! The store counts ([`Counted`]); [`close`] makes of it what is shown ([`Document`]): what comes late for earlier statements becomes
//! corrections ([`late`]), and [`suppress`] leaves out small numbers with all that they could be computed from; `related` says which
//! figures count the same. [`csv`] and [`page`] render what is shown, and nothing else.

mod close;
pub mod csv;
mod document;
pub mod late;
mod lines;
mod locale;
pub mod page;
mod period;
mod related;
pub mod suppress;
#[cfg(test)]
mod tests;
mod words;

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{ConventionId, SiteId, StatementId},
    text_enum,
};
use serde::{Deserialize, Serialize};

pub use close::{Closing, STEPS, close};
pub use document::{
    Committed, Delay, DelayAt, Document, LineFigures, Month, Occurrences, Places, Refusal, Shown, Signer, SiteName,
};
pub use late::Correction;
pub use period::{Days, ensure_follows};

text_enum! {
    /// What a number is of.
    #[derive(PartialOrd, Ord)]
    pub enum Subject {
        /// What was given under a line.
        Quantity = "quantity",
        /// People who were seen.
        Persons = "persons",
        /// How often a state was come to.
        Steps = "steps",
        /// Why referrals came to nothing; the code is the state and the reason.
        Refusals = "refusals",
        /// What was given under a line by the end of the period, as it is stated.
        ToDate = "to-date",
        /// What was given under a line in a month; the code is the line and the month.
        Month = "month",
    }
}

/// Where something was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// At a site.
    Site(SiteId),
    /// Where no site was named.
    Nowhere,
    /// At all of them: people who are counted once.
    All,
}

/// What is counted: of what, which, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Of what.
    pub subject: Subject,
    /// Which: the line, the state, the reason.
    pub code: String,
    /// Where.
    pub place: Place,
}

/// A number as it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Of what, which, where.
    #[serde(flatten)]
    pub key: Key,
    /// How many.
    pub quantity: i64,
}

/// A number that was counted in a period; 0 stands for what belongs to no statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPeriod {
    /// The statement's number.
    pub number: i64,
    /// What was counted.
    pub counted: Counted,
}

/// How long a step took, as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Took {
    /// The states between which, with a slash.
    pub code: String,
    /// Where.
    pub place: Place,
    /// How many there were.
    pub count: i64,
    /// Half of them took no longer, in tenths of an hour.
    pub p50: i64,
    /// Nine of ten took no longer, in tenths of an hour.
    pub p90: i64,
}

/// A closed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: StatementId,
    /// Of which convention.
    pub convention: ConventionId,
    /// Its number there.
    pub number: i64,
    /// What it is of.
    pub days: Days,
    /// When it was closed.
    pub close_time: DateTime<Utc>,
    /// What is shown.
    pub document: Document,
    /// What was counted.
    pub counted: Vec<Counted>,
}
