//! Requests of patient records.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::Check,
    error::Violation,
    ids::{self, PatientId, ResourceId},
};
use relais_proto::referral::v1::{self, duplicate_dismissal, patient_hold, patient_merge};
use uuid::Uuid;

use super::{etag, name, person};
use crate::{
    app::identity::{
        CreatePatient, DismissDuplicate, ErasePatient, ExportPatient, GetPatient, LiftHold, MergePatients, PlaceHold,
        SearchPatients, UndismissDuplicate, UnmergePatients, UpdatePatient, Vault,
    },
    domain::identity::{DismissReason, HoldReason, MergeReason, PersonField, Question},
};

const IDENTITY: &str = "patient.identity";

pub(in crate::grpc) fn create_patient(
    request: &v1::CreatePatientRequest,
    vault: Vault,
) -> Result<(Uuid, CreatePatient)> {
    let mut check = Check::default();
    let request_id = check.request_id(&request.request_id);
    let given = request.patient.as_ref().and_then(|patient| patient.identity.as_ref());
    let person = given.map(|given| person::person(&mut check, IDENTITY, given));
    if let Some(fault) = person.as_ref().and_then(|person| person.fault()) {
        check.fail(&fault.subject, fault.description);
    }
    check.finish()?;
    Ok((request_id, CreatePatient { id: PatientId::draw(), person, vault }))
}

pub(in crate::grpc) fn get_patient(request: &v1::GetPatientRequest) -> Result<GetPatient> {
    name(&request.name).map(GetPatient)
}

pub(in crate::grpc) fn update_patient(
    request: &v1::UpdatePatientRequest,
    vault: Vault,
) -> Result<(Uuid, UpdatePatient)> {
    let mut check = Check::default();
    let request_id = check.request_id(&request.request_id);
    let patient = check.required("patient", request.patient.clone());
    let id = check.name("patient.name", &patient.name);
    let given = person::person(&mut check, IDENTITY, &patient.identity.unwrap_or_default());
    let paths = request.update_mask.as_ref().map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let fields = fields(&mut check, paths);
    let seen = etag(&mut check, &patient.etag);
    check.finish()?;
    Ok((request_id, UpdatePatient { id, given, fields, seen, vault }))
}

/// The fields that an update mask names.
fn fields(check: &mut Check, paths: &[String]) -> Vec<PersonField> {
    if paths.is_empty() {
        return PersonField::ALL.to_vec();
    }
    let mut fields = Vec::new();
    for path in paths {
        match path.strip_prefix("identity") {
            Some("") => fields.extend(PersonField::ALL),
            Some(rest) => match rest.strip_prefix('.').and_then(PersonField::parse) {
                Some(field) => fields.push(field),
                None => check.fail("update_mask", "must name fields of identity"),
            },
            None => check.fail("update_mask", "must name fields of identity"),
        }
    }
    fields
}

/// Who is looked for, and what a page token of this question goes with.
pub(in crate::grpc) fn question(request: &v1::SearchPatientsRequest) -> Result<(Question, String)> {
    let mut check = Check::default();
    let question = Question {
        name: check.optional_text("query", &request.query, 200),
        birth_date: request.birth_date.map(|day| check.date("birth_date", Some(day))),
        identifier: request.identifier.as_ref().map(|given| person::identifier(&mut check, "identifier", given)),
    };
    check.ensure("query", !question.tokens().is_empty(), "a word, a day of birth or an identifier is required");
    check.finish()?;
    let number = question.identifier.as_ref().map(|i| format!("{}|{}", i.system, i.value)).unwrap_or_default();
    let filter = format!("{}|{:?}|{number}", question.name, question.birth_date);
    Ok((question, filter))
}

/// The search of a page: its size, and where it starts, as a token of ours holds it.
pub(in crate::grpc) fn search_patients(
    question: Question,
    (size, start): (i32, Option<Vec<u8>>),
    vault: Vault,
) -> Result<SearchPatients> {
    let invalid = |field: &str, rule: &str| Error::invalid(vec![Violation::new(field, rule)]);
    let size = match size {
        ..0 => return Err(invalid("page_size", "must not be negative")),
        0 => 50,
        _ => size.min(200),
    };
    let start = start.unwrap_or_default();
    let skip = if start.is_empty() { Some(0) } else { start.try_into().ok().map(u64::from_be_bytes) };
    let skip = skip.and_then(|skip| usize::try_from(skip).ok());
    let skip = skip.ok_or_else(|| invalid("page_token", "was not given for this call"))?;
    Ok(SearchPatients { question, skip, size: usize::try_from(size).unwrap_or_default(), vault })
}

/// Whose duplicates; none: of all of the organisation.
pub(in crate::grpc) fn whose_duplicates(request: &v1::ListDuplicatesRequest) -> Result<Option<PatientId>> {
    let mut check = Check::default();
    let patient = (!request.patient.is_empty()).then(|| check.name("patient", &request.patient));
    check.finish().map(|()| patient)
}

pub(in crate::grpc) fn dismiss_duplicate(request: &v1::DismissDuplicateRequest) -> Result<(Uuid, DismissDuplicate)> {
    use duplicate_dismissal::Reason as Given;
    let mut check = Check::default();
    let patient = check.name("patient", &request.patient);
    let other = check.name("other", &request.other);
    let reason = match check.choice("reason", request.reason) {
        Given::SeenDocuments => DismissReason::SeenDocuments,
        Given::RelatedPersons => DismissReason::RelatedPersons,
        // Unspecified has been refused by the check.
        Given::PatientSays | Given::Unspecified => DismissReason::PatientSays,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, DismissDuplicate { id: Uuid::now_v7(), patient, other, reason }))
}

pub(in crate::grpc) fn undismiss_duplicate(
    request: &v1::UndismissDuplicateRequest,
) -> Result<(Uuid, UndismissDuplicate)> {
    let mut check = Check::default();
    let patient = check.name("patient", &request.patient);
    let other = check.name("other", &request.other);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, UndismissDuplicate { patient, other }))
}

pub(in crate::grpc) fn merge_patients(request: &v1::MergePatientsRequest) -> Result<(Uuid, MergePatients)> {
    use patient_merge::Reason as Given;
    let mut check = Check::default();
    let survivor = check.name("survivor", &request.survivor);
    let merged = check.name("merged", &request.merged);
    let reason = match check.choice("reason", request.reason) {
        Given::SameIdentifier => MergeReason::SameIdentifier,
        Given::SeenDocument => MergeReason::SeenDocument,
        // Unspecified has been refused by the check.
        Given::PatientSays | Given::Unspecified => MergeReason::PatientSays,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, MergePatients { id: Uuid::now_v7(), survivor, merged, reason }))
}

pub(in crate::grpc) fn unmerge_patients(request: &v1::UnmergePatientsRequest) -> Result<(Uuid, UnmergePatients)> {
    let mut check = Check::default();
    let merged = check.name("merged", &request.merged);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, UnmergePatients { merged }))
}

pub(in crate::grpc) fn erase_patient(request: &v1::ErasePatientRequest) -> Result<(Uuid, ErasePatient)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, ErasePatient(id)))
}

pub(in crate::grpc) fn place_hold(request: &v1::PlaceHoldRequest) -> Result<(Uuid, PlaceHold)> {
    use patient_hold::Reason as Given;
    let mut check = Check::default();
    let patient = check.name("parent", &request.parent);
    let hold = check.required("hold", request.hold.clone());
    let reason = match check.choice("hold.reason", hold.reason) {
        Given::Litigation => HoldReason::Litigation,
        Given::Investigation => HoldReason::Investigation,
        Given::PatientWish => HoldReason::PatientWish,
        // Unspecified has been refused by the check.
        Given::Retention | Given::Unspecified => HoldReason::Retention,
    };
    let end_time = hold.end_time.map(|end| {
        let at = u32::try_from(end.nanos).ok().and_then(|nanos| DateTime::<Utc>::from_timestamp(end.seconds, nanos));
        let at = at.filter(|at| (1900..=2200).contains(&chrono::Datelike::year(at)));
        check.ensure("hold.end_time", at.is_some(), "must lie between 1900 and 2200");
        at.unwrap_or_default()
    });
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, PlaceHold { id: Uuid::now_v7(), patient, reason, end_time }))
}

pub(in crate::grpc) fn lift_hold(request: &v1::LiftHoldRequest) -> Result<(Uuid, LiftHold)> {
    let mut check = Check::default();
    let parts = request
        .name
        .split_once("/holds/")
        .and_then(|(patient, hold)| Some((PatientId::parse(patient)?, ids::parse_uuid(hold)?)));
    check.ensure("name", parts.is_some(), "must be a name of the form patients/{uuid}/holds/{uuid}");
    let (patient, id) = parts.unwrap_or((PatientId(Uuid::nil()), Uuid::nil()));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, LiftHold { patient, id }))
}

pub(in crate::grpc) fn export_patient(request: &v1::ExportPatientRequest, vault: Vault) -> Result<ExportPatient> {
    name(&request.name).map(|id| ExportPatient { id, vault })
}
