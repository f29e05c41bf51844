//! Conventions: what was agreed, and whether a referral is admitted under it.

mod admit;
mod conditions;
mod sentence;
mod sign;
mod terms;
mod usage;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::ConventionId;
use relais_platform::text_enum;

pub use admit::{Admission, Ask, Failure, Rule, Why, admit};
pub use conditions::{Acceptance, Conditions, Cover, Deadlines, Eligibility, Prescribers, Recipients};
pub use sentence::sentence;
pub use sign::sign;
pub use terms::{Bearer, Coding, Line, LineKind, Measure, Party, Role, ServiceTerm, Terms};
pub use usage::{Difference, Figure, LedgerEntry, Period, Recount};

text_enum! {
    /// Where a convention stands; in force and expired follow from its dates.
    pub enum State {
        /// Entered, and not signed.
        Draft = "draft",
        /// Signed.
        Signed = "signed",
    }
}

/// A convention with the terms of its only version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convention {
    /// Its id.
    pub id: ConventionId,
    /// The name people read.
    pub display_name: String,
    /// Where it stands.
    pub state: State,
    /// Grows with each change.
    pub version: i64,
    /// The version of the terms in force; 0 in a draft.
    pub terms_version: i64,
    /// The terms.
    pub terms: Terms,
    /// The day of the signature.
    pub signature_date: Option<NaiveDate>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

impl Convention {
    /// Whether nothing of it changes any more: a signature is all that changes one.
    pub fn is_final(&self) -> bool {
        self.state == State::Signed
    }

    /// As it was in an earlier version: a signature is all that changes one.
    pub fn at(self, version: i64) -> Self {
        if version >= self.version {
            return self;
        }
        Self { state: State::Draft, version, terms_version: 0, signature_date: None, ..self }
    }
}
