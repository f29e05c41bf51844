//! A patient record: one organisation's, with its person sealed or open.

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{OrganisationId, PatientId},
    text_enum,
    vault::Sealed,
};

use super::Person;

text_enum! {
    /// Where a record stands.
    pub enum State {
        /// In use.
        Active = "active",
        /// Merged into another; it can be taken apart again.
        Merged = "merged",
        /// Erased: its person cannot be read any more.
        Erased = "erased",
    }
}

/// A patient record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: PatientId,
    /// Who holds it.
    pub organisation: OrganisationId,
    /// Where it stands.
    pub state: State,
    /// The record it was merged into.
    pub merged_into: Option<PatientId>,
    /// Grows with each change; the etag.
    pub version: i64,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Who the person is, sealed; none when nobody said.
    pub person: Option<SealedPerson>,
}

/// A person under three keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPerson {
    /// The version of the record that wrote it: later ones that changed something else keep it.
    pub written: i64,
    /// The person, under the patient's key.
    pub person: Sealed,
    /// The patient's key, under the organisation's.
    pub patient_key: Sealed,
    /// The organisation's key, under the master key.
    pub organisation_key: Sealed,
}

/// A patient record with its person in the open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The record.
    pub record: Record,
    /// Who the person is, when somebody said.
    pub person: Option<Person>,
}
