//! What a laboratory hands in for a holder's referral: a report, one that is put aside, and a file of the order.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::Days;
use relais_platform::{
    clock::machine_now,
    ids::{OrderId, PatientId},
};
use relais_proto::{
    referral::v1::Referral,
    results::v1::{
        CreateReportRequest, Order, ReportContent, UploadAttachmentRequest, UploadHeader, report::Status,
        upload_attachment_request::Part,
    },
};
use relais_tests::{Identity, Session, Suite, date, partnership::Partners, request_id};

/// What was found.
pub struct Found {
    pub report: String,
    /// Of the referrer's own, as if it were a laboratory.
    pub aside: String,
    pub attachment: String,
}

/// Hands all of it in.
pub async fn found(
    suite: &Suite,
    partners: &Partners,
    referral: &Referral,
    (order, mark): (&Order, &str),
) -> Result<Found> {
    let clinician = |organisation: &str| {
        suite.session("results", &Identity::new(&format!("clinician of {organisation}"), "clinician").of(organisation))
    };
    let (lab, doctor) = (clinician(partners.provider())?, clinician(&partners.sender.organisation)?);
    let fits = CreateReportRequest {
        order: order.name.clone(),
        referral_number: referral.number.clone(),
        patient: partners.patient().into(),
        accession_number: request_id(),
        status: Status::Final.into(),
        content: Some(ReportContent {
            performed_date: Some(date(machine_now().date_naive() - Days::new(1))),
            conclusion: format!("{mark}: nothing of note."),
            ..ReportContent::default()
        }),
        request_id: request_id(),
    };
    let misfit = CreateReportRequest {
        order: OrderId::draw().to_string(),
        patient: PatientId::draw().to_string(),
        request_id: request_id(),
        ..fits.clone()
    };
    Ok(Found {
        report: hand_in(&lab, fits).await?,
        aside: hand_in(&doctor, misfit).await?,
        attachment: attach(&doctor, &order.name).await?,
    })
}

async fn hand_in(who: &Session, request: CreateReportRequest) -> Result<String> {
    Ok(who.reports().create_report(request).await?.into_inner().report.context("a report")?.name)
}

async fn attach(who: &Session, order: &str) -> Result<String> {
    let bytes = b"%PDF-1.7".to_vec();
    let header = UploadHeader {
        parent: order.into(),
        request_id: request_id(),
        media_type: "application/pdf".into(),
        size_bytes: 8,
        sha256: digest(&SHA256, &bytes).as_ref().into(),
        offset: 0,
    };
    let parts = [Part::Header(header), Part::Chunk(bytes)].map(|part| UploadAttachmentRequest { part: Some(part) });
    let answer = who.attachments().upload_attachment(tokio_stream::iter(parts)).await?.into_inner();
    Ok(answer.attachment.context("an attachment")?.name)
}
