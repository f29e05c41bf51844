//! Two records that look alike are of two people: somebody says so, and can take it back.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::PatientId,
    text_enum,
};
use uuid::Uuid;

use super::{InsStatus, Person, status};

text_enum! {
    /// How it is known that two records are of two people.
    pub enum DismissReason {
        /// Documents showed two people.
        SeenDocuments = "seen-documents",
        /// One of them says so.
        PatientSays = "patient-says",
        /// They are relatives: twins, or parent and child under one phone number.
        RelatedPersons = "related-persons",
    }
}

/// That two records are of two people. The order of the two does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    /// Its id.
    pub id: Uuid,
    /// One record.
    pub patient: PatientId,
    /// The other.
    pub other: PatientId,
    /// How it is known.
    pub reason: DismissReason,
    /// When it was said.
    pub dismiss_time: DateTime<Utc>,
    /// When it was taken back, or overtaken.
    pub end_time: Option<DateTime<Utc>>,
}

/// A record is no pair with itself.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn ensure_pair(patient: PatientId, other: PatientId) -> Result<()> {
    let same = || Error::invalid(vec![Violation::new("other", "must be another record than the patient")]);
    if patient == other { Err(same()) } else { Ok(()) }
}

/// Whether a pair may be dismissed: one that was not dismissed before, of two who may be two.
///
/// # Errors
/// FAILED_PRECONDITION.
pub fn ensure_dismissible(standing: Option<&Dismissal>, same_qualified: bool) -> Result<()> {
    if standing.is_some() {
        let rule = Violation::new("duplicate-dismissed", "it was said before that they are two people");
        return Err(Error::refused("DUPLICATE_DISMISSED", vec![rule]));
    }
    if same_qualified {
        let rule = "both have the same qualified number: correct one of the identities, or merge them";
        return Err(Error::refused("SAME_QUALIFIED_NUMBER", vec![Violation::new("same-qualified-number", rule)]));
    }
    Ok(())
}

/// Whether two people have the same qualified number: then they are one, whatever was said before.
pub fn same_qualified(one: &Person, other: &Person) -> bool {
    let number = |person: &Person| match status(person) {
        InsStatus::Qualified => person.ins.as_ref().map(|ins| ins.matricule.clone()),
        _ => None,
    };
    number(one).is_some_and(|known| number(other) == Some(known))
}
