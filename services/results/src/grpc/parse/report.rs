//! Commands of reports.

use relais_platform::{Result, calls::Check, ids::ReportId};
use relais_proto::results::v1;
use uuid::Uuid;

use super::{content::submission, etag};
use crate::{
    app::{
        Vault,
        report::{AcknowledgeReport, CreateReport, DiscardReport, GetReport, ReleaseQuarantined, ReviseReport},
    },
    domain::report::Named,
};

/// The longest number of a report or a referral, in characters.
const NUMBER: usize = 60;
/// The longest reason in words, in characters.
const REASON: usize = 200;

pub(in crate::grpc) fn create_report(request: &v1::CreateReportRequest, vault: Vault) -> Result<(Uuid, CreateReport)> {
    let mut check = Check::default();
    let command = CreateReport {
        id: ReportId::draw(),
        named: named(&mut check, &request.order, &request.referral_number, &request.patient),
        accession_number: check.text("accession_number", &request.accession_number, NUMBER),
        submission: submission(&mut check, request.status, request.content.as_ref()),
        vault,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, command))
}

pub(in crate::grpc) fn revise_report(request: &v1::ReviseReportRequest, vault: Vault) -> Result<(Uuid, ReviseReport)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let seen = etag(&mut check, &request.etag);
    check.ensure("etag", !request.etag.is_empty(), "must be that of the last version");
    let submission = submission(&mut check, request.status, request.content.as_ref());
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, ReviseReport { id, seen: seen.unwrap_or_default(), submission, vault }))
}

pub(in crate::grpc) fn get_report(request: &v1::GetReportRequest, vault: Vault) -> Result<GetReport> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.ensure("version", request.version >= 0, "must be that of a version, or 0");
    check.finish().map(|()| GetReport { id, version: Some(request.version).filter(|version| *version > 0), vault })
}

pub(in crate::grpc) fn acknowledge_report(request: &v1::AcknowledgeReportRequest) -> Result<(Uuid, AcknowledgeReport)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.ensure("version", request.version > 0, "must be that of a version");
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, AcknowledgeReport { id, version: request.version }))
}

pub(in crate::grpc) fn release_quarantined(
    request: &v1::ReleaseQuarantinedReportRequest,
    vault: Vault,
) -> Result<(Uuid, ReleaseQuarantined)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let named = named(&mut check, &request.order, &request.referral_number, &request.patient);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, ReleaseQuarantined { id, named, vault }))
}

pub(in crate::grpc) fn discard_quarantined(
    request: &v1::DiscardQuarantinedReportRequest,
) -> Result<(Uuid, DiscardReport)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let reason = check.text("reason", &request.reason, REASON);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, DiscardReport { id, reason }))
}

fn named(check: &mut Check, order: &str, number: &str, patient: &str) -> Named {
    Named {
        order: check.name("order", order),
        number: check.text("referral_number", number, NUMBER),
        patient: Some(check.name("patient", patient)),
    }
}
