//! Erasure, and what stands against it.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::PatientId,
    text_enum,
};
use uuid::Uuid;

use super::{Record, State, merge::merged_already};

text_enum! {
    /// Why a record must be kept. Codes alone: a sentence would stand in the database in the open.
    pub enum HoldReason {
        /// The law says how long records are kept.
        Retention = "retention",
        /// A court or an authority asks for it.
        Litigation = "litigation",
        /// A complaint or an incident is looked into.
        Investigation = "investigation",
        /// The person wishes it.
        PatientWish = "patient-wish",
    }
}

/// That a record must be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: Uuid,
    /// The record.
    pub patient: PatientId,
    /// Why.
    pub reason: HoldReason,
    /// Since when.
    pub create_time: DateTime<Utc>,
    /// Until when; none: until it is lifted.
    pub end_time: Option<DateTime<Utc>>,
    /// When it was lifted.
    pub lift_time: Option<DateTime<Utc>>,
}

impl Hold {
    /// Whether it stands.
    pub fn stands(&self, now: DateTime<Utc>) -> bool {
        self.lift_time.is_none() && self.end_time.is_none_or(|end| end > now)
    }
}

/// That a record was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The record.
    pub patient: PatientId,
    /// Its version since.
    pub version: i64,
    /// When.
    pub erase_time: DateTime<Utc>,
}

/// Whether a record, with those merged into it, may be erased.
///
/// # Errors
/// FAILED_PRECONDITION that names every hold and every open referral.
pub fn may_erase(record: &Record, holds: &[Hold], open_referrals: &[String], now: DateTime<Utc>) -> Result<()> {
    let mut rules = Vec::new();
    if record.state == State::Merged {
        rules.push(merged_already(record.id));
    }
    rules.extend(holds.iter().filter(|hold| hold.stands(now)).map(|hold| {
        let until = hold.end_time.map_or("it is lifted".to_string(), |end| end.date_naive().to_string());
        Violation::new("legal-hold", format!("a hold ({}) stands until {until}", hold.reason.as_str()))
    }));
    let open = |number: &String| Violation::new("open-referral", format!("referral {number} is open"));
    rules.extend(open_referrals.iter().map(open));
    if rules.is_empty() { Ok(()) } else { Err(Error::refused("ERASURE_REFUSED", rules)) }
}
