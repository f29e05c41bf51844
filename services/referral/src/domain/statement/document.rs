//! What a statement shows. A number that is left out is not in it, so that no way of showing it can tell it.

use chrono::NaiveDate;
use relais_platform::ids::{Child, SiteId};
use serde::{Deserialize, Serialize};

use super::{Correction, Place};
use crate::domain::convention::{Measure, Per, Role};

/// A number, unless it is left out.
pub type Shown = Option<i64>;

/// What is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// How much.
    pub quantity: i64,
    /// For what.
    pub per: Per,
}

/// A number in all and at each place, in the order of the document's places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// In all.
    pub all: Shown,
    /// At each place.
    pub at: Vec<Shown>,
}

/// What was given in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    /// The statement that counted it.
    pub number: i64,
    /// How much.
    pub quantity: Shown,
}

/// What was given under a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFigures {
    /// The line.
    pub line_id: String,
    /// What it counts.
    pub measure: Measure,
    /// What is committed.
    pub committed: Option<Committed>,
    /// In the period.
    pub period: Places,
    /// Before it.
    pub before: Places,
    /// By its end.
    pub to_date: Places,
    /// Month by month, since the first statement.
    pub months: Vec<Month>,
}

/// How often something came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    /// What: a state.
    pub code: String,
    /// How often.
    pub count: Places,
}

/// Why referrals came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The state they came to.
    pub state: String,
    /// The reason.
    pub reason: String,
    /// How many.
    pub count: Places,
}

/// How long a step took at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DelayAt {
    /// No step ended there in the period.
    None,
    /// There were fewer than the threshold.
    Suppressed,
    /// In tenths of an hour: half of them took no longer than the first, nine of ten no longer than the second.
    Took(i64, i64),
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// The state it begins with.
    pub from: String,
    /// The state it ends with.
    pub to: String,
    /// In all.
    pub all: DelayAt,
    /// At each place.
    pub at: Vec<DelayAt>,
}

/// A party of the convention, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// As what.
    pub role: Role,
    /// Its name.
    pub display_name: String,
}

/// A place, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteName {
    /// The site.
    pub site: Child<SiteId>,
    /// Its name.
    pub display_name: String,
}

/// What a statement shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The convention's name.
    pub convention: String,
    /// The version of its terms.
    pub terms_version: i64,
    /// Who signed it.
    pub signers: Vec<Signer>,
    /// Numbers below this are left out.
    pub threshold: i64,
    /// The sites, by name; the last place of each number is where none was named.
    pub sites: Vec<SiteName>,
    /// What was given under each line.
    pub lines: Vec<LineFigures>,
    /// People who were seen.
    pub persons: Places,
    /// How often each state was come to.
    pub steps: Vec<Occurrences>,
    /// Why referrals came to nothing.
    pub refusals: Vec<Refusal>,
    /// How long each step took.
    pub delays: Vec<Delay>,
    /// What came late.
    pub corrections: Vec<Correction>,
    /// Whether some of it waits, for it is too little to be told.
    pub carried_over: bool,
}

impl Document {
    /// The places of each number, in order.
    pub fn places(&self) -> Vec<Place> {
        self.sites.iter().map(|named| Place::Site(named.site.id)).chain([Place::Nowhere]).collect()
    }

    /// The names of the places; none for where no site was named.
    pub fn place_names(&self) -> Vec<Option<&str>> {
        self.sites.iter().map(|named| Some(named.display_name.as_str())).chain([None]).collect()
    }

    /// The name of a site.
    pub fn site_name(&self, site: SiteId) -> Option<&SiteName> {
        self.sites.iter().find(|named| named.site.id == site)
    }

    /// The figures of a line.
    pub fn line(&self, line_id: &str) -> Option<&LineFigures> {
        self.lines.iter().find(|line| line.line_id == line_id)
    }
}
