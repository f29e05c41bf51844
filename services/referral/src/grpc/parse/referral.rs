//! Requests of patients and referrals.

use relais_platform::{
    Error, Result,
    calls::Check,
    error::Violation,
    ids::{ConventionId, PatientId, ReferralId},
    random,
};
use relais_proto::referral::v1;
use uuid::Uuid;

use super::{CODE, codes, convention::coding, name, plain_code};
use crate::{
    app::referral::{CheckAdmission, GetAllowedActions, GetReferral, LookupReferral, SubmitReferral},
    domain::referral::{HealthCover, Needs, Number, Priority, Procedure, Situation, State, Submission},
    store::referral::Filter,
};

pub(in crate::grpc) fn submit_referral(request: &v1::SubmitReferralRequest) -> Result<(Uuid, SubmitReferral)> {
    let mut check = Check::default();
    let (convention, submission) = submission(&mut check, request.referral.clone())?;
    let approver = check.optional_child("approver", &request.approver);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, SubmitReferral { convention, submission, approver }))
}

pub(in crate::grpc) fn check_admission(request: &v1::CheckAdmissionRequest) -> Result<CheckAdmission> {
    let mut check = Check::default();
    let (convention, submission) = submission(&mut check, request.referral.clone())?;
    check.finish()?;
    Ok(CheckAdmission { convention, submission })
}

fn submission(check: &mut Check, given: Option<v1::Referral>) -> Result<(ConventionId, Submission)> {
    let given = check.required("referral", given);
    let service = check.required("referral.service", given.service.clone());
    let service = coding(check, "referral.service", &service);
    let submission = Submission {
        id: ReferralId::draw(),
        number: Number::from_random(random::bits()?),
        service_system: service.system,
        service_code: service.code,
        patient: check.name("referral.patient", &given.patient),
        provider: check.name("referral.provider", &given.provider),
        site: check.optional_child("referral.site", &given.site),
        prescriber: check.optional_child("referral.prescriber", &given.prescriber),
        requested_date: check.date("referral.requested_date", given.requested_date),
        priority: priority(check, given.priority),
        situation: situation(check, &given),
    };
    let of_provider = submission.site.is_none_or(|site| site.organisation == submission.provider);
    check.ensure("referral.site", of_provider, "must be a site of the provider");
    Ok((check.name("referral.convention", &given.convention), submission))
}

pub(in crate::grpc) fn get_referral(request: &v1::GetReferralRequest) -> Result<GetReferral> {
    name(&request.name).map(GetReferral)
}

pub(in crate::grpc) fn get_allowed_actions(request: &v1::GetAllowedActionsRequest) -> Result<GetAllowedActions> {
    name(&request.name).map(GetAllowedActions)
}

pub(in crate::grpc) fn lookup_referral(request: &v1::LookupReferralRequest) -> Result<LookupReferral> {
    let number = Number::parse(&request.number);
    let rule = "must be eleven characters, the last of which checks the others";
    number.map(LookupReferral).ok_or_else(|| Error::invalid(vec![Violation::new("number", rule)]))
}

/// What a list is narrowed to.
pub(in crate::grpc) fn filter(request: &v1::ListReferralsRequest) -> Result<Filter> {
    let mut check = Check::default();
    check.ensure("states", request.states.len() <= State::ALL.len(), "must not hold more than there are");
    let states = request.states.iter().take(State::ALL.len()).map(|given| state(&mut check, *given)).collect();
    let patient = (!request.patient.is_empty()).then(|| check.name("patient", &request.patient));
    check.finish()?;
    Ok(Filter { states, overdue: request.overdue, owned: request.owned, patient })
}

fn state(check: &mut Check, given: i32) -> State {
    use v1::referral::State as Given;
    match check.choice("states", given) {
        Given::AwaitingInformation => State::AwaitingInformation,
        Given::Waitlisted => State::Waitlisted,
        Given::Accepted => State::Accepted,
        Given::Scheduled => State::Scheduled,
        Given::NoShow => State::NoShow,
        Given::AppointmentCancelled => State::AppointmentCancelled,
        Given::Attended => State::Attended,
        Given::ResultsAvailable => State::ResultsAvailable,
        Given::Completed => State::Completed,
        Given::Rejected => State::Rejected,
        Given::Redirected => State::Redirected,
        Given::CancelRequested => State::CancelRequested,
        Given::Cancelled => State::Cancelled,
        Given::Expired => State::Expired,
        Given::Failed => State::Failed,
        Given::EnteredInError => State::EnteredInError,
        // Unspecified has been refused by the check.
        Given::Submitted | Given::Unspecified => State::Submitted,
    }
}

/// The most documents that come along.
const DOCUMENTS: usize = 100;

fn situation(check: &mut Check, given: &v1::Referral) -> Situation {
    use v1::referral::HealthCover as Given;
    let health_cover = match check.choice_or("referral.health_cover", given.health_cover, Given::Unspecified) {
        Given::None => HealthCover::None,
        Given::Covered => HealthCover::Covered,
        Given::Unspecified => HealthCover::NotSaid,
    };
    let needs = given.needs.clone().unwrap_or_default();
    let language = needs.interpreter_language;
    let letters = language.bytes().all(|b| b.is_ascii_lowercase()) && (2..=3).contains(&language.len());
    let field = "referral.needs.interpreter_language";
    check.ensure(field, language.is_empty() || letters, "must be a language of ISO 639, such as ar");
    let mut code = |field, code: &str| if code.is_empty() { String::new() } else { plain_code(check, field, code) };
    let declared_reason = code("referral.declared_reason", &given.declared_reason);
    let territory = code("referral.territory", &given.territory);
    let patient_status = code("referral.patient_status", &given.patient_status);
    Situation {
        needs: Needs { interpreter_language: language, wheelchair: needs.wheelchair },
        health_cover,
        declared_reason,
        patient_wish: given.patient_wish,
        territory,
        patient_status,
        documents: codes(check, "referral.documents", &given.documents, DOCUMENTS),
        procedure: procedure(check, given.procedure.as_ref()),
    }
}

/// Where file numbers of referrers have their systems.
const FILES: &str = "urn:relais:";
/// The longest file number.
const FILE_NUMBER: usize = 64;

fn procedure(check: &mut Check, given: Option<&v1::Procedure>) -> Procedure {
    let Some(given) = given else { return Procedure::default() };
    let code = plain_code(check, "referral.procedure.code", &given.code);
    let (system, number) = ("referral.procedure.file_system", "referral.procedure.file_number");
    let file_system = check.optional_text(system, &given.file_system, CODE);
    let ours = file_system.strip_prefix(FILES).is_some_and(|rest| !rest.is_empty());
    check.ensure(system, file_system.is_empty() || ours, "must begin with urn:relais:");
    let file_number = check.optional_text(number, &given.file_number, FILE_NUMBER);
    let whole = file_system.is_empty() == file_number.is_empty();
    check.ensure(number, whole, "must come with its system, and a system with its number");
    Procedure { code, file_system, file_number }
}

fn priority(check: &mut Check, given: i32) -> Priority {
    use v1::referral::Priority as Given;
    match check.choice_or("referral.priority", given, Given::Routine) {
        Given::Urgent => Priority::Urgent,
        Given::Asap => Priority::Asap,
        Given::Stat => Priority::Stat,
        Given::Routine | Given::Unspecified => Priority::Routine,
    }
}

/// Whose timeline.
pub(in crate::grpc) fn of_patient(patient: &str) -> Result<PatientId> {
    let mut check = Check::default();
    let id = check.name("patient", patient);
    check.finish().map(|()| id)
}

/// Whose steps.
pub(in crate::grpc) fn of_referral(parent: &str) -> Result<ReferralId> {
    let mut check = Check::default();
    let id = check.name("parent", parent);
    check.finish().map(|()| id)
}
