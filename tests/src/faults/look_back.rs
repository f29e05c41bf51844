//! Afterwards: what waits for its release is released, what was reported is read, and then all is found as it is.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now, ids::ReportId};
use relais_proto::{
    convention::v1::{GetUsageRequest, RecountUsageRequest, RecountUsageResponse},
    operations::v1::AdvanceClockRequest,
    results::v1::GetReportRequest,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    GIVEN_UP_AFTER,
    fleet::Fleet,
    found::{Found, Recount},
    laboratory::{Laboratory, Who},
    record::Record,
    senders::Senders,
    settle,
};
use crate::{Identity, SERVICES, Session, date};

/// Whoever took a report to release it and was killed has it for a minute by the services' clock: that is moved on, and nobody
/// waits for it here.
const LEASE: TimeDelta = TimeDelta::seconds(61);
/// Between two moves of the clock.
const BETWEEN: Duration = Duration::from_secs(3);
/// Within this time everything is released, or it never is.
const RELEASED_WITHIN: Duration = Duration::from_secs(45);
/// Reports whose version that readers see was laid before nobody.
const HELD: &str = "SELECT count(*) FROM report r WHERE r.state = 'issued' AND NOT EXISTS (
                        SELECT FROM report_release l WHERE (l.report_id, l.version) = (r.id, r.shown_version)
                            AND l.withdraw_time IS NULL)";

/// Reads everything, once nothing is left to do.
pub(super) async fn look_back(
    fleet: &Fleet,
    (lab, senders): (&Laboratory, &Senders),
    record: &Record,
) -> Result<Found> {
    until_released(fleet).await?;
    let versions: Vec<(Uuid, i64)> = record
        .journeys
        .iter()
        .flat_map(|journey| journey.done())
        .filter(|(act, _)| act.deed.reports().is_some())
        .map(|(_, told)| (told.id, told.version))
        .collect();
    // A reading is news to nobody, but what was released just now is told of.
    settle::until_quiet(fleet, std::time::Instant::now() + GIVEN_UP_AFTER / 2).await?;
    let mut found = Found::read(&fleet.suite).await?;
    found.reports.said = read(lab, fleet, Who::Biologist, versions).await?;
    let shown = found.reports.versions.iter().filter(|version| version.shown);
    let shown = shown.map(|version| (version.report, version.version)).collect();
    found.reports.read = read(lab, fleet, Who::Prescriber, shown).await?;
    let recount = recount(lab, fleet).await?;
    let mut differences = recount.differences;
    for (by, convention) in senders.conventions() {
        differences += recount_usage(by, convention).await?.differences.len();
    }
    found.reports.recount = Some(recount);
    found.meters.differences = Some(differences);
    Ok(found)
}

/// Until nothing is held back any more, or it was waited for long enough: then the check will say so.
async fn until_released(fleet: &Fleet) -> Result<()> {
    let operator = Identity::new("operator", "operator");
    let (until, mut ahead) = (Instant::now() + RELEASED_WITHIN, TimeDelta::zero());
    let mut move_at = Instant::now();
    while fleet.suite.count("results", HELD).await? > 0 && Instant::now() < until {
        if Instant::now() >= move_at {
            ahead += LEASE;
            fleet.suite.issuer.note_ahead(ahead)?;
            for service in SERVICES {
                let session = fleet.sessions(service, &operator)?.into_iter().next().context("no instance")?;
                let request = AdvanceClockRequest { time: Some(time_to_proto(machine_now() + ahead)) };
                session.operations().advance_clock(request).await.context("AdvanceClock")?;
            }
            move_at = Instant::now() + BETWEEN;
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// What somebody reads in these versions: how each of them concludes. What is not shown to them is left out.
async fn read(
    lab: &Laboratory,
    fleet: &Fleet,
    who: Who,
    versions: Vec<(Uuid, i64)>,
) -> Result<HashMap<(Uuid, i64), String>> {
    let reader = lab.sessions(fleet, who, "results")?.into_iter().next().context("no instance")?;
    let mut read = HashMap::new();
    for (report, version) in versions {
        if let Some(content) = conclusion(&reader, report, version).await? {
            read.insert((report, version), content);
        }
    }
    Ok(read)
}

async fn conclusion(reader: &Session, report: Uuid, version: i64) -> Result<Option<String>> {
    let request = GetReportRequest { name: ReportId(report).to_string(), version };
    match reader.reports().get_report(request).await {
        Ok(answer) => {
            Ok(answer.into_inner().report.and_then(|report| report.content).map(|content| content.conclusion))
        }
        Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(status) => bail!("GetReport {report}: {status}"),
    }
}

/// What a convention's ledgers amount to, and where they differ from what is shown.
async fn recount_usage(by: &Session, convention: &str) -> Result<RecountUsageResponse> {
    let request = RecountUsageRequest { name: convention.into() };
    Ok(by.conventions().recount_usage(request).await.context("RecountUsage")?.into_inner())
}

/// The convention's ledger, as it is reported and as it is counted again.
async fn recount(lab: &Laboratory, fleet: &Fleet) -> Result<Recount> {
    let coordinator = lab.sessions(fleet, Who::Coordinator, "referral")?.into_iter().next().context("no instance")?;
    let mut client = coordinator.conventions();
    let today = Some(date(lab.today));
    let (name, line_id) = (lab.convention.clone(), "analyses".into());
    let request = GetUsageRequest { name, line_id, first_month: today, last_month: today, ..Default::default() };
    let usage = client.get_usage(request).await.context("GetUsage")?.into_inner();
    let again = recount_usage(&coordinator, &lab.convention).await?;
    Ok(Recount { total: again.total, reported: usage.total, differences: again.differences.len() })
}
