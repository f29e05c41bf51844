//! Versions of reports, and how each stands.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::broken_constraint,
    ids::{ReportId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::report::{Status, Version};

/// Keeps a version.
///
/// # Errors
/// CONTENTION when another took its number meanwhile.
pub async fn insert_version(unit: &mut Unit<'_>, report: ReportId, version: &Version) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO report_version (report_id, version, status, superseded, performed_date, site_id, sealed, issue_time, critical)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        report.0,
        version.version,
        version.status.as_str(),
        version.superseded,
        version.performed_date,
        version.site.map(Uuid::from),
        version.sealed,
        version.issue_time,
        version.critical,
    );
    let done = query.with_operation("INSERT", "report_version").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        // Two came at once: the later one decides again.
        Some("report_version_pkey") => Error::contention(error),
        _ => error.into(),
    })
}

struct Row {
    report_id: Uuid,
    version: i64,
    status: String,
    superseded: bool,
    performed_date: Option<NaiveDate>,
    site_id: Option<Uuid>,
    sealed: Vec<u8>,
    issue_time: DateTime<Utc>,
    critical: bool,
}

impl TryFrom<Row> for Version {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            version: row.version,
            status: Status::stored(&row.status)?,
            superseded: row.superseded,
            performed_date: row.performed_date,
            site: row.site_id.map(Into::into),
            sealed: row.sealed,
            issue_time: row.issue_time,
            critical: row.critical,
        })
    }
}

/// Gets a version of a report that the caller may see.
///
/// # Errors
/// NOT_FOUND.
pub async fn find_version(unit: &mut Unit<'_>, report: ReportId, version: i64) -> Result<Version> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, version, status, superseded, performed_date, site_id, sealed, issue_time,
                critical
         FROM report_version WHERE report_id = $1 AND version = $2",
        report.0,
        version,
    );
    let row = query.with_operation("SELECT", "report_version").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(format!("version {version} of {report}")))?.try_into()
}

/// Lists all versions of reports that the caller may see, in order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_versions(unit: &mut Unit<'_>, reports: &[Uuid]) -> Result<Vec<(ReportId, Version)>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, version, status, superseded, performed_date, site_id, sealed, issue_time,
                critical
         FROM report_version WHERE report_id = ANY($1) ORDER BY report_id, version",
        reports,
    );
    let rows = query.with_operation("SELECT", "report_version").fetch_all(unit.sql()).await?;
    rows.into_iter().map(|row| Ok((row.report_id.into(), row.try_into()?))).collect()
}

/// Keeps with which revision a version was issued.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_issue(unit: &mut Unit<'_>, report: ReportId, version: i64, revision: i64, acts: i32) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO report_issue (report_id, version, revision, acts) VALUES ($1, $2, $3, $4)",
        report.0,
        version,
        revision,
        acts,
    );
    query.with_operation("INSERT", "report_issue").execute(unit.sql()).await?;
    Ok(())
}

/// A version as its event told it.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The version.
    pub version: i64,
    /// What it is.
    pub status: Status,
    /// The day on which it was done.
    pub performed_date: Option<NaiveDate>,
    /// The site.
    pub site: Option<SiteId>,
    /// Acts that it was the first to tell of.
    pub acts: i32,
    /// Whether somebody must hear of it at once.
    pub critical: bool,
}

/// Lists the versions of reports as their events told them, in order: for a snapshot.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_issues(unit: &mut Unit<'_>, reports: &[Uuid]) -> Result<HashMap<Uuid, Vec<Issue>>> {
    let query = sqlx::query!(
        "SELECT i.report_id, i.version, v.status, v.performed_date, v.site_id, i.acts, v.critical
         FROM report_issue i JOIN report_version v USING (report_id, version)
         WHERE i.report_id = ANY($1) ORDER BY i.report_id, i.version",
        reports,
    );
    let mut issues: HashMap<Uuid, Vec<Issue>> = HashMap::new();
    for row in query.with_operation("SELECT", "report_issue").fetch_all(unit.sql()).await? {
        issues.entry(row.report_id).or_default().push(Issue {
            version: row.version,
            status: Status::stored(&row.status)?,
            performed_date: row.performed_date,
            site: row.site_id.map(Into::into),
            acts: row.acts,
            critical: row.critical,
        });
    }
    Ok(issues)
}

/// How a version stands, for all who see that it is there.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The version.
    pub version: i64,
    /// What it is.
    pub status: Status,
    /// Whether it came too late to be shown.
    pub superseded: bool,
    /// When it was handed in.
    pub issue_time: DateTime<Utc>,
    /// When it was first laid before somebody who may still read it.
    pub release_time: Option<DateTime<Utc>>,
    /// When it was first read.
    pub read_time: Option<DateTime<Utc>>,
    /// When it was first acknowledged.
    pub acknowledge_time: Option<DateTime<Utc>>,
}

/// How versions stand, by report.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn standings(unit: &mut Unit<'_>, asked: &[(ReportId, i64)]) -> Result<HashMap<Uuid, Standing>> {
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = asked.iter().map(|(id, version)| (id.0, *version)).unzip();
    let query = sqlx::query!(
        r#"SELECT v.report_id, v.version, v.status, v.superseded, v.issue_time, t.release_time, t.read_time, t.acknowledge_time
           FROM unnest($1::uuid[], $2::bigint[]) AS a(id, version)
           JOIN report_version v ON v.report_id = a.id AND v.version = a.version
           CROSS JOIN LATERAL (
               SELECT min(x.release_time) AS release_time, min(x.read_time) AS read_time,
                      min(x.acknowledge_time) AS acknowledge_time
               FROM report_release x
               WHERE x.report_id = v.report_id AND x.version = v.version AND x.withdraw_time IS NULL) AS t"#,
        &ids,
        &versions,
    );
    let rows = query.with_operation("SELECT", "report_version").fetch_all(unit.sql()).await?;
    let standing = rows.into_iter().map(|row| {
        let standing = Standing {
            version: row.version,
            status: Status::stored(&row.status)?,
            superseded: row.superseded,
            issue_time: row.issue_time,
            release_time: row.release_time,
            read_time: row.read_time,
            acknowledge_time: row.acknowledge_time,
        };
        Ok((row.report_id, standing))
    });
    standing.collect()
}
