//! What a laboratory found: in the export, its content for whom it was released to alone; and read by nobody once the patient's
//! record was erased.

use anyhow::{Context, Result};
use relais_proto::{
    holdings::v1::{Holding, holding::Content},
    operations::v1::RebuildProjectionRequest,
    referral::v1::{ErasePatientRequest, LiftHoldRequest, PatientHold, PlaceHoldRequest, patient_hold},
    results::v1::{
        AcknowledgeReportRequest, DownloadAttachmentRequest, ListQuarantinedReportsRequest, Report, report::Status,
    },
};
use relais_tests::{Identity, Options, Suite, Tap, partnership::Partners, request_id, rules, settled};
use tonic::Code;

use super::{admin, cancel, export};
use crate::laboratory::{Asked, Laboratory};

/// What a laboratory found, in two versions, of which the last was acknowledged, with a file of the order and one of the report.
struct Found<'s> {
    lab: Laboratory<'s>,
    asked: Asked,
    report: Report,
    files: [String; 2],
}

async fn found<'s>(suite: &'s Suite, partners: &Partners) -> Result<Found<'s>> {
    let lab = Laboratory::open(suite, partners).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let asked = lab.ask(partners).await?;
    let first = lab.report(lab.first(&asked, Status::Partial, "90")).await?;
    settled(&operator).await?;
    let report = lab.revise(&first, Status::Final, "91").await?;
    let files = [lab.file(&lab.doctor, &asked.order.name).await?, lab.file(&lab.biologist, &report.name).await?];
    settled(&operator).await?;
    lab.read(&lab.doctor, &report.name, 0).await?;
    let request = AcknowledgeReportRequest { name: report.name.clone(), version: 2, request_id: request_id() };
    lab.at(&lab.doctor)?.reports().acknowledge_report(request).await?;
    settled(&operator).await?;
    Ok(Found { lab, asked, report, files })
}

fn reports(holdings: &[Holding]) -> Vec<&Report> {
    let reports = holdings.iter().filter_map(|holding| match &holding.content {
        Some(Content::Report(report)) => Some(report),
        _ => None,
    });
    reports.collect()
}

#[tokio::test]
async fn what_was_found_is_in_the_export_and_what_it_says_for_who_may_read_it() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let found = found(&suite, &partners).await?;
    let all = admin(&suite, &partners)?;
    let told = export(&all.results, partners.patient()).await?;
    let kinds: Vec<_> = told.kinds().into_iter().collect();
    assert_eq!(kinds, [("attachment", 2), ("order", 1), ("release", 2), ("report", 2)]);
    assert!(reports(&told.holdings).iter().all(|report| report.content.is_none()), "an admin reads no result");
    let acknowledged = told.holdings.iter().any(|holding| match &holding.content {
        Some(Content::ReportRelease(it)) => {
            it.version == 2 && it.acknowledge_time.is_some() && it.practitioner == found.lab.doctor.practitioner
        }
        _ => false,
    });
    assert!(acknowledged, "{told:?}");
    for file in &found.files {
        assert!(told.holdings.iter().any(|holding| holding.name == *file), "{file} is not named");
    }
    let belongs = |holding: &Holding| holding.referral == found.asked.referral.name && !holding.holder.is_empty();
    let things = told.holdings.iter().filter(|holding| !matches!(holding.content, Some(Content::Access(_))));
    assert!(things.clone().all(belongs), "{things:?}");

    // Who may read it anyhow: the doctor, who keeps the record as well. The versions are as they were read.
    let both = suite.session("results", &found.lab.doctor.clone().and("coordinator"))?;
    let told = export(&both, partners.patient()).await?;
    for version in [1, 2] {
        let read = found.lab.read(&found.lab.doctor, &found.report.name, version).await?;
        let of = reports(&told.holdings).into_iter().find(|report| report.version == version);
        assert_eq!(of.context("a version is missing")?.content, read.content);
        assert!(read.content.is_some());
    }
    // An export is no reading by whom it was laid before: the first version was read just now, by the doctor.
    let opened = "SELECT count(DISTINCT resource) FROM audit WHERE action LIKE '%/ExportHoldings'
                  AND resource LIKE 'reports/%/versions/%' AND patient IS NOT NULL";
    assert_eq!(suite.count("results", opened).await?, 2);

    let kinds = export(&all.referral, partners.patient()).await?.kinds();
    // Two versions and an acknowledgement; one act.
    assert_eq!((kinds["fact"], kinds["usage entry"]), (3, 1), "{kinds:?}");
    suite.stop().await
}

/// Tells whether somebody reads anything of what was found.
async fn is_read(found: &Found<'_>) -> Result<bool> {
    for who in [&found.lab.doctor, &found.lab.biologist] {
        for version in [1, 2] {
            let seen = found.lab.read(who, &found.report.name, version).await?;
            assert_eq!(seen.erased, seen.content.is_none(), "{who:?} {version}");
            if seen.content.is_some() {
                return Ok(true);
            }
        }
        for name in &found.files {
            let request = DownloadAttachmentRequest { name: name.clone(), ..Default::default() };
            match found.lab.at(who)?.attachments().download_attachment(request).await {
                Ok(_) => return Ok(true),
                Err(status) => assert_eq!(status.code(), Code::NotFound, "{status}"),
            }
        }
    }
    Ok(false)
}

/// What is left in the database that could be opened, or that names somebody.
const LEFT: [&str; 5] = [
    "SELECT count(*) FROM report WHERE data_key IS NOT NULL OR named_patient IS NOT NULL OR state = 'quarantined'",
    "SELECT count(*) FROM service_order WHERE data_key IS NOT NULL OR patient_id IS NOT NULL",
    "SELECT count(*) FROM attachment",
    "SELECT count(*) FROM attachment_chunk",
    "SELECT count(*) FROM release_due",
];

/// By the event; or, when that was lost on its way, by a rebuild.
async fn erased(lost: bool) -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let found = found(&suite, &partners).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    // For this patient, under a number that is no referral's: put aside.
    let mut misfit = found.lab.first(&found.asked, Status::Final, "92");
    misfit.referral_number = "AAAA-BBBB-CCC".into();
    found.lab.report(misfit).await?;
    cancel(&partners.desk, &found.asked.referral.name).await?;
    settled(&operator).await?;

    let patients = admin(&suite, &partners)?.referral;
    let hold = Some(PatientHold { reason: patient_hold::Reason::PatientWish.into(), ..PatientHold::default() });
    let request = PlaceHoldRequest { parent: partners.patient().into(), hold, request_id: request_id() };
    let hold = patients.patients().place_hold(request).await?.into_inner().hold.context("a hold")?;
    let erase = || ErasePatientRequest { name: partners.patient().into(), request_id: request_id() };
    let refused = patients.patients().erase_patient(erase()).await.err().context("it is erased")?;
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["legal-hold".to_string()]));
    settled(&operator).await?;
    assert!(is_read(&found).await?, "what must be kept is there");
    let request = LiftHoldRequest { name: hold.name, request_id: request_id() };
    patients.patients().lift_hold(request).await?;

    if lost {
        Tap::new(&suite.servers.amqp_url, &suite.name).await?.deafen("results").await?;
    }
    patients.patients().erase_patient(erase()).await?;
    settled(&operator).await?;
    if lost {
        assert!(is_read(&found).await?, "it was to be lost");
        let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.referral".into() };
        let mut progress = operator.results.operations().rebuild_projection(request).await?.into_inner();
        while progress.message().await?.is_some() {}
    }
    assert!(!is_read(&found).await?, "somebody reads what was erased");
    for left in LEFT {
        assert_eq!(suite.count("results", left).await?, 0, "{left}");
    }
    let refused = found.lab.revise(&found.report, Status::Corrected, "93").await.err().context("it is revised")?;
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["patient-erased".to_string()]));
    let refused = found.lab.file(&found.lab.biologist, &found.report.name).await.err().context("it is filed")?;
    let refused = refused.downcast::<tonic::Status>()?;
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["patient-erased".to_string()]));
    let list = ListQuarantinedReportsRequest::default();
    let aside = found.lab.at(&found.lab.biologist)?.reports().list_quarantined_reports(list).await?.into_inner();
    assert_eq!(aside.reports, []);
    let named = "SELECT count(*) FROM referral_sender WHERE patient_id IS NOT NULL";
    assert_eq!(suite.count("notification", named).await?, 0);
    suite.stop().await
}

#[tokio::test]
async fn after_an_erasure_nobody_reads_what_was_found() -> Result<()> {
    erased(false).await
}

#[tokio::test]
async fn an_erasure_that_results_never_heard_of_is_made_up_for_by_a_rebuild() -> Result<()> {
    erased(true).await
}
