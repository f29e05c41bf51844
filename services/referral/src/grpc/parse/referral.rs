//! Requests of patients and referrals.

use relais_platform::{Result, calls::Check, ids::ReferralId, random};
use relais_proto::referral::v1::{self, cancel_referral_request::Reason};
use uuid::Uuid;

use super::{convention::coding, etag, name};
use crate::{
    app::referral::{CancelReferral, GetAllowedActions, GetReferral, SubmitReferral},
    domain::referral::{CancelReason, Number, Priority, Submission},
};

pub(in crate::grpc) fn submit_referral(request: &v1::SubmitReferralRequest) -> Result<(Uuid, SubmitReferral)> {
    let mut check = Check::default();
    let given = check.required("referral", request.referral.clone());
    let service = check.required("referral.service", given.service);
    let service = coding(&mut check, "referral.service", &service);
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
        priority: priority(&mut check, given.priority),
    };
    let of_provider = submission.site.is_none_or(|site| site.organisation == submission.provider);
    check.ensure("referral.site", of_provider, "must be a site of the provider");
    let convention = check.name("referral.convention", &given.convention);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, SubmitReferral { convention, submission }))
}

pub(in crate::grpc) fn get_referral(request: &v1::GetReferralRequest) -> Result<GetReferral> {
    name(&request.name).map(GetReferral)
}

pub(in crate::grpc) fn get_allowed_actions(request: &v1::GetAllowedActionsRequest) -> Result<GetAllowedActions> {
    name(&request.name).map(GetAllowedActions)
}

pub(in crate::grpc) fn cancel_referral(request: &v1::CancelReferralRequest) -> Result<(Uuid, CancelReferral)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let reason = match check.choice("reason", request.reason) {
        Reason::Duplicate => CancelReason::Duplicate,
        Reason::WrongService => CancelReason::WrongService,
        Reason::CouldNotContact => CancelReason::CouldNotContact,
        // Unspecified has been refused by the check.
        Reason::PatientDeclined | Reason::Unspecified => CancelReason::PatientDeclined,
    };
    let seen = etag(&mut check, &request.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CancelReferral { id, reason, seen }))
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
