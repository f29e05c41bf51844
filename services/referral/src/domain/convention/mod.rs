//! Conventions: what was agreed, how long it lives, and whether a referral is admitted under it.

mod admit;
mod burn_down;
mod chain;
mod codes;
mod conditions;
mod currency;
mod exhausted;
mod expense;
mod life;
mod line;
mod meter;
mod prospect;
mod round;
mod sentence;
mod sign;
mod site;
mod staff_time;
mod terms;
mod usage;
mod window;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::ConventionId;
use relais_platform::text_enum;

pub use admit::{Admission, Ask, Failure, Rule, Why, admit};
pub use burn_down::{MeterFigures, Moved, Point};
pub use chain::{Chain, Days, Link, Signed, renewal_faults};
pub use conditions::{Acceptance, Conditions, Cover, Deadlines, Eligibility, Few, Prescribers, Recipients};
pub use exhausted::{Short, exhausted, is_budget, lets_wait, too_few_minutes};
pub use expense::{Expense, spend};
pub use life::{Reason, Stage, amend, discard, edit, resume, suspend, terminate};
pub use line::{CountedFrom, Line, LineKind, LineScope, Measure, OnExhausted, Per, ReserveAt};
pub use meter::{Crossing, Found, Standing, Want, place_of, standings, wants, wants_at_submission};
pub use prospect::{Prospect, Room, Stretch};
pub use round::Steps;
pub use sentence::sentence;
pub use sign::sign;
pub use site::{booking_sites, judge_redirection, judge_site};
pub use staff_time::{MOST_HOLD_DAYS, StaffTime, StaffTimeState, USUAL_HOLD_DAYS, plan};
pub use terms::{Bearer, Coding, Party, Role, ServiceTerm, Terms};
pub use usage::{Difference, Figure, LedgerEntry, Period, Recount};
pub use window::{Bookable, booking_window, judge_day, last_day_of_care};

text_enum! {
    /// What was decided of a convention; where it stands follows from its dates and its chain ([`Stage`]).
    pub enum State {
        /// Entered, and not signed.
        Draft = "draft",
        /// Signed.
        Signed = "signed",
        /// Admits nothing until it is resumed.
        Suspended = "suspended",
        /// Ended before its end date.
        Terminated = "terminated",
    }
}

/// Terms with their number, and from when on they judge. Signed ones never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The number, which referrals name. Each time that terms are entered counts.
    pub number: i64,
    /// The first day that they judge.
    pub effective_date: NaiveDate,
    /// The day of their signature; none while they are open.
    pub signature_date: Option<NaiveDate>,
    /// The terms.
    pub terms: Terms,
}

/// A convention with the terms that were signed last, or those of the draft. To judge by, with the terms of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convention {
    /// Its id.
    pub id: ConventionId,
    /// The name people read.
    pub display_name: String,
    /// What was decided of it.
    pub state: State,
    /// Whether it was suspended when it was terminated: then it admits nothing any more.
    pub halted: bool,
    /// Grows with each change.
    pub version: i64,
    /// The number of the terms, once they are signed; 0 in a draft.
    pub terms_version: i64,
    /// The terms.
    pub terms: Terms,
    /// The first day that they judge.
    pub effective_date: NaiveDate,
    /// The day of their signature.
    pub signature_date: Option<NaiveDate>,
    /// The highest number of terms of this convention.
    pub entered: i64,
    /// Terms that are entered beside those in force, and not signed.
    pub amendment: Option<Box<Version>>,
    /// The convention that it renews.
    pub renews: Option<ConventionId>,
    /// The first convention of its chain.
    pub chain: ConventionId,
    /// Whether a signed one renews it.
    pub renewed: bool,
    /// The last day on which it admits: its end date, or sooner when it was terminated.
    pub last_day: NaiveDate,
    /// Why it is suspended or was terminated.
    pub reason: Option<Reason>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// When it was changed last.
    pub update_time: DateTime<Utc>,
}

impl Convention {
    /// A draft that is entered now, first of its chain.
    pub fn draft(id: ConventionId, display_name: String, terms: Terms, now: DateTime<Utc>) -> Self {
        Self {
            id,
            display_name,
            state: State::Draft,
            halted: false,
            version: 1,
            terms_version: 0,
            effective_date: terms.start_date,
            last_day: terms.end_date,
            terms,
            signature_date: None,
            entered: 1,
            amendment: None,
            renews: None,
            chain: id,
            renewed: false,
            reason: None,
            create_time: now,
            update_time: now,
        }
    }

    /// As the draft that renews `parent`.
    #[must_use]
    pub fn renewing(self, parent: &Self) -> Self {
        Self { renews: Some(parent.id), chain: parent.chain, ..self }
    }

    /// The version that is shown with it.
    pub fn into_version(self) -> Version {
        let Self { terms_version: number, effective_date, signature_date, terms, .. } = self;
        Version { number, effective_date, signature_date, terms }
    }
}
