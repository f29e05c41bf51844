//! Two records of one person become one, and can be taken apart again.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::PatientId,
    text_enum,
};
use uuid::Uuid;

use super::{Record, State};

text_enum! {
    /// Why records are merged.
    pub enum MergeReason {
        /// They have an identifier in common.
        SameIdentifier = "same-identifier",
        /// A document showed that they are one person.
        SeenDocument = "seen-document",
        /// The person says so.
        PatientSays = "patient-says",
    }
}

/// That a record was merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Its id.
    pub id: Uuid,
    /// The record that lives on.
    pub survivor: PatientId,
    /// The record that was merged into it.
    pub merged: PatientId,
    /// Why.
    pub reason: MergeReason,
    /// When.
    pub merge_time: DateTime<Utc>,
    /// When it was taken back.
    pub unmerge_time: Option<DateTime<Utc>>,
}

/// A record is not merged into itself.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn ensure_other(survivor: PatientId, merged: PatientId) -> Result<()> {
    let same = || Error::invalid(vec![Violation::new("merged", "must be another record than the survivor")]);
    if survivor == merged { Err(same()) } else { Ok(()) }
}

/// Both are still in use.
///
/// # Errors
/// FAILED_PRECONDITION when one of them is merged already.
pub fn ensure_mergeable(survivor: &Record, merged: &Record) -> Result<()> {
    ensure_active(survivor)?;
    ensure_active(merged)
}

/// A record that was merged into another is changed no more.
///
/// # Errors
/// FAILED_PRECONDITION.
pub fn ensure_active(record: &Record) -> Result<()> {
    match record.state {
        State::Active => Ok(()),
        _ => Err(Error::refused("PATIENT_MERGED", vec![merged_already(record.id)])),
    }
}

/// The rule that a record merged into another breaks.
pub(super) fn merged_already(id: PatientId) -> Violation {
    Violation::new("patient-merged", format!("{id} has been merged into another record"))
}
