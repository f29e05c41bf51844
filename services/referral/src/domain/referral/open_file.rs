//! Breaking the glass: a clinician who is no party opens a file, for a stated reason and a limited time.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use relais_platform::{
    error::{Error, Kind, Violation},
    ids::{FileAccessId, OrganisationId, PatientId, ReferralId, UnitId},
    text_enum,
};

use super::{Capacity, Party};
use crate::domain::network::{Registration, is_licensed};

/// The longest that a file stays open.
pub const LONGEST: TimeDelta = TimeDelta::hours(4);
/// How long it stays open when nothing is said.
pub const USUAL: TimeDelta = TimeDelta::hours(1);
/// The time over which openings are counted.
pub const COUNTED: TimeDelta = TimeDelta::hours(24);

text_enum! {
    /// Why a file is opened.
    pub enum OpenReason {
        /// The patient needs treatment at once.
        EmergencyTreatment = "emergency-treatment",
        /// The patient is in the clinician's care, and the file is with others.
        ContinuityOfCare = "continuity-of-care",
        /// The patient asked for it.
        PatientRequest = "patient-request",
    }
}

/// That somebody opened a file, or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAccess {
    /// Its id.
    pub id: FileAccessId,
    /// The referral; none when what was asked for is not there.
    pub referral: Option<ReferralId>,
    /// Who: issuer and subject.
    pub caller: String,
    /// For whom the clinician acts.
    pub organisation: OrganisationId,
    /// Why.
    pub reason: OpenReason,
    /// Why, in the clinician's words; empty where nobody needs them, and once the patient's record was erased.
    pub statement: String,
    /// When.
    pub create_time: DateTime<Utc>,
    /// Until when.
    pub expire_time: DateTime<Utc>,
}

impl FileAccess {
    /// What stands in the audit with its opening and each reading by it: never the statement, which may name a patient and an
    /// illness, and the audit is kept for ever.
    pub fn purpose(&self) -> String {
        format!("{} {}", self.reason.as_str(), self.id)
    }
}

/// The file, as far as opening it needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    /// The referral.
    pub referral: ReferralId,
    /// Its number.
    pub number: String,
    /// Its patient.
    pub patient: PatientId,
    /// Its parties, who are told.
    pub parties: Vec<Party>,
}

impl OpenedFile {
    /// Whose it is, and of which unit: the referrer, who holds the patient's record.
    pub fn owner(&self) -> Option<&Party> {
        self.parties.iter().find(|party| party.capacity == Capacity::Referrer)
    }
}

/// Whether a clinician who has opened so many files within [`COUNTED`] may open one more.
///
/// # Errors
/// RESOURCE_EXHAUSTED.
pub fn ensure_not_too_often(opened: i64, per_day: u32) -> Result<(), Error> {
    if opened < i64::from(per_day) {
        return Ok(());
    }
    let message = format!("within 24 hours {per_day} files may be opened: ask a party of the referral");
    Err(Error::new(Kind::ResourceExhausted, "TOO_MANY_FILES_OPENED", message))
}

/// A role that an administrator gives opens nobody's file: only whom a register licenses on that day breaks the glass.
///
/// # Errors
/// FAILED_PRECONDITION.
pub fn ensure_licensed(registrations: &[Registration], day: NaiveDate) -> Result<(), Error> {
    if is_licensed(registrations, None, day) {
        return Ok(());
    }
    let rule =
        Violation::new("registered-practitioner", "only a practitioner whom a register licenses today opens files");
    Err(Error::refused("NOT_REGISTERED", vec![rule]))
}

/// A party needs not break the glass.
///
/// # Errors
/// FAILED_PRECONDITION.
pub fn ensure_no_party(file: &OpenedFile, organisation: OrganisationId, unit: Option<UnitId>) -> Result<(), Error> {
    if !file.parties.iter().any(|party| party.is(organisation, unit)) {
        return Ok(());
    }
    let rule = Violation::new("no-party", "you are a party of it and may read it");
    Err(Error::refused("ALREADY_A_PARTY", vec![rule]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_one_with_its_unit() {
        let (organisation, unit) = (OrganisationId::draw(), UnitId::draw());
        let parties = [Party { organisation, unit: Some(unit), capacity: Capacity::Referrer }];
        let is_party = |organisation, unit| parties.iter().any(|party: &Party| party.is(organisation, unit));
        assert!(is_party(organisation, None) && is_party(organisation, Some(unit)));
        assert!(!is_party(organisation, Some(UnitId::draw())));
        assert!(!is_party(OrganisationId::draw(), None));
    }

    #[test]
    fn the_fifth_of_five_is_the_last() {
        assert!(ensure_not_too_often(4, 5).is_ok());
        assert_eq!(ensure_not_too_often(5, 5).map_err(|error| error.kind), Err(Kind::ResourceExhausted));
    }
}
