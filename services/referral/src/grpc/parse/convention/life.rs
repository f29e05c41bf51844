//! Requests that change a convention after it was entered.

use relais_platform::{Result, calls::Check};
use relais_proto::convention::v1::{self, convention};
use uuid::Uuid;

use super::{DISPLAY_NAME, etag, name, parse_terms, wanted};
use crate::{
    app::convention::{
        AmendConvention, DiscardAmendment, ListConventionVersions, ResumeConvention, SuspendConvention,
        TerminateConvention, UpdateConvention, Wanted,
    },
    domain::convention::Reason,
};

pub(in crate::grpc) fn update_convention(request: &v1::UpdateConventionRequest) -> Result<(Uuid, UpdateConvention)> {
    let mut check = Check::default();
    let given = check.required("convention", request.convention.clone());
    let wanted = Wanted { id: check.name("convention.name", &given.name), seen: etag(&mut check, &given.etag) };
    let paths = request.update_mask.as_ref().map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let known = paths.iter().all(|path| ["display_name", "terms"].contains(&path.as_str()));
    check.ensure("update_mask", known, "must name display_name or terms");
    let asked = |field: &str| paths.is_empty() || paths.iter().any(|path| path == field);
    let display_name =
        asked("display_name").then(|| check.text("convention.display_name", &given.display_name, DISPLAY_NAME));
    let terms = asked("terms").then(|| {
        let terms = check.required("convention.terms", given.terms);
        parse_terms(&mut check, &terms)
    });
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, UpdateConvention { wanted, display_name, terms }))
}

/// Faults of the terms are told as those of a convention.
pub(in crate::grpc) fn amend_convention(request: &v1::AmendConventionRequest) -> Result<(Uuid, AmendConvention)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let terms = check.required("terms", request.terms.clone());
    let terms = parse_terms(&mut check, &terms);
    let effective_date = check.date("effective_date", request.effective_date);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, AmendConvention { wanted, terms, effective_date }))
}

pub(in crate::grpc) fn discard_amendment(request: &v1::DiscardAmendmentRequest) -> Result<(Uuid, DiscardAmendment)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, DiscardAmendment(wanted)))
}

pub(in crate::grpc) fn suspend_convention(request: &v1::SuspendConventionRequest) -> Result<(Uuid, SuspendConvention)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let reason = reason(&mut check, request.reason);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, SuspendConvention { wanted, reason }))
}

pub(in crate::grpc) fn resume_convention(request: &v1::ResumeConventionRequest) -> Result<(Uuid, ResumeConvention)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, ResumeConvention(wanted)))
}

pub(in crate::grpc) fn terminate_convention(
    request: &v1::TerminateConventionRequest,
) -> Result<(Uuid, TerminateConvention)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let last_day = check.date("last_day", request.last_day);
    let reason = reason(&mut check, request.reason);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, TerminateConvention { wanted, last_day, reason }))
}

pub(in crate::grpc) fn list_convention_versions(
    request: &v1::ListConventionVersionsRequest,
) -> Result<ListConventionVersions> {
    name(&request.name).map(ListConventionVersions)
}

fn reason(check: &mut Check, given: i32) -> Reason {
    match check.choice("reason", given) {
        convention::Reason::Agreement => Reason::Agreement,
        convention::Reason::Breach => Reason::Breach,
        convention::Reason::Safety => Reason::Safety,
        convention::Reason::Funding => Reason::Funding,
        convention::Reason::Capacity => Reason::Capacity,
        convention::Reason::Law => Reason::Law,
        // Unspecified has been refused by the check.
        convention::Reason::Other | convention::Reason::Unspecified => Reason::Other,
    }
}
