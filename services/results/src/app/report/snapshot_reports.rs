//! Tells the present state of all reports, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit, events::Event, parties::Party};
use uuid::Uuid;

use crate::{
    app::tell::{Issued, report_acknowledged, report_issued, report_quarantined, report_released},
    domain::report::{Release, Report, ReportState},
    store::{referral, report, report::Issue},
};

/// The next reports by id, each as the events that lead to its present state: every version that was told of, since each may
/// have counted acts, and who has it before them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_reports(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let reports = report::list_all(unit, after, limit).await?;
    let ids: Vec<Uuid> = reports.iter().map(|report| report.id.0).collect();
    let referrals: Vec<Uuid> = reports.iter().filter_map(|report| report.referral).map(Uuid::from).collect();
    let parties = referral::list_parties(unit, &referrals).await?;
    let mut issues = report::list_issues(unit, &ids).await?;
    let mut releases = report::list_all_releases(unit, &ids).await?;
    let snapshot = |report: &Report| {
        let of = report.referral.and_then(|referral| parties.get(&referral.0));
        let issues = issues.remove(&report.id.0).unwrap_or_default();
        let releases = releases.remove(&report.id.0).unwrap_or_default();
        let events = events(report, &issues, &releases, of.map(Vec::as_slice).unwrap_or_default());
        Snapshot { id: report.id.0, version: report.revision, events }
    };
    Ok(reports.iter().map(snapshot).collect())
}

fn events(report: &Report, issues: &[Issue], releases: &[Release], parties: &[Party]) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    if report.state != ReportState::Issued {
        events.push(report_quarantined(report).into());
    }
    for issue in issues {
        let issued = Issued {
            version: issue.version,
            status: issue.status,
            site: issue.site,
            performed_date: issue.performed_date,
            acts: issue.acts,
            critical: issue.critical,
        };
        events.push(report_issued(report, issued, parties).into());
        let version = (issue.version, issue.status);
        for release in releases.iter().filter(|it| it.version == issue.version) {
            let laid = (issue.version, issue.status, issue.critical);
            events.push(report_released(report, laid, &release.recipient, parties).into());
            if release.acknowledge_time.is_some() {
                events.push(report_acknowledged(report, version, parties).into());
            }
        }
    }
    events
}
