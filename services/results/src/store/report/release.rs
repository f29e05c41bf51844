//! Releases: before whom versions are laid, and what became of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, ids::ReportId};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::report::{Recipient, Release};

struct Row {
    report_id: Uuid,
    id: Uuid,
    version: i64,
    organisation_id: Uuid,
    unit_id: Option<Uuid>,
    practitioner_id: Option<Uuid>,
    substitute_for: String,
    release_time: DateTime<Utc>,
    withdraw_time: Option<DateTime<Utc>>,
    read_time: Option<DateTime<Utc>>,
    acknowledge_time: Option<DateTime<Utc>>,
}

impl From<Row> for Release {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            version: row.version,
            recipient: Recipient {
                organisation: row.organisation_id.into(),
                unit: row.unit_id.map(Into::into),
                practitioner: row.practitioner_id.map(Into::into),
                substitute_for: row.substitute_for,
            },
            release_time: row.release_time,
            withdraw_time: row.withdraw_time,
            read_time: row.read_time,
            acknowledge_time: row.acknowledge_time,
        }
    }
}

/// Lists the releases of a report that stand, of all its versions, in order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_releases(unit: &mut Unit<'_>, report: ReportId) -> Result<Vec<Release>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, id, version, organisation_id, unit_id, practitioner_id, substitute_for, release_time,
                withdraw_time, read_time, acknowledge_time
         FROM report_release WHERE report_id = $1 AND withdraw_time IS NULL ORDER BY version, id",
        report.0,
    );
    let rows = query.with_operation("SELECT", "report_release").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Release::from).collect())
}

/// Lists the releases that stand of several reports: for a snapshot.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all_releases(unit: &mut Unit<'_>, reports: &[Uuid]) -> Result<HashMap<Uuid, Vec<Release>>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, id, version, organisation_id, unit_id, practitioner_id, substitute_for, release_time,
                withdraw_time, read_time, acknowledge_time
         FROM report_release WHERE report_id = ANY($1) AND withdraw_time IS NULL ORDER BY report_id, version, id",
        reports,
    );
    Ok(by_report(query.with_operation("SELECT", "report_release").fetch_all(unit.sql()).await?))
}

/// Lists all releases of several reports, also those taken back: for an export.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_releases_ever(unit: &mut Unit<'_>, reports: &[Uuid]) -> Result<HashMap<Uuid, Vec<Release>>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, id, version, organisation_id, unit_id, practitioner_id, substitute_for, release_time,
                withdraw_time, read_time, acknowledge_time
         FROM report_release WHERE report_id = ANY($1) ORDER BY report_id, version, id",
        reports,
    );
    Ok(by_report(query.with_operation("SELECT", "report_release").fetch_all(unit.sql()).await?))
}

fn by_report(rows: Vec<Row>) -> HashMap<Uuid, Vec<Release>> {
    let mut releases: HashMap<Uuid, Vec<Release>> = HashMap::new();
    for row in rows {
        releases.entry(row.report_id).or_default().push(row.into());
    }
    releases
}

/// Finds a release, whatever became of it: for the same request again.
///
/// # Errors
/// NOT_FOUND.
pub async fn find_release(unit: &mut Unit<'_>, id: Uuid) -> Result<(ReportId, Release)> {
    let query = sqlx::query_as!(
        Row,
        "SELECT report_id, id, version, organisation_id, unit_id, practitioner_id, substitute_for, release_time,
                withdraw_time, read_time, acknowledge_time
         FROM report_release WHERE id = $1",
        id,
    );
    let row = query.with_operation("SELECT", "report_release").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found("the report"))?;
    Ok((row.report_id.into(), row.into()))
}

/// Lays a version before somebody.
///
/// # Errors
/// CONTENTION when another instance did so meanwhile.
pub async fn insert_release(
    unit: &mut Unit<'_>,
    (report, version): (ReportId, i64),
    recipient: &Recipient,
) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "INSERT INTO report_release (id, report_id, version, organisation_id, unit_id, practitioner_id, substitute_for,
                                     release_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        report.0,
        version,
        recipient.organisation.0,
        recipient.unit.map(Uuid::from),
        recipient.practitioner.map(Uuid::from),
        recipient.substitute_for,
        now,
    );
    query.with_operation("INSERT", "report_release").execute(unit.sql()).await?;
    Ok(())
}

/// Takes back releases that nobody has read.
///
/// # Errors
/// CONTENTION when one of them was read meanwhile.
pub async fn withdraw(unit: &mut Unit<'_>, releases: &[Uuid]) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE report_release SET withdraw_time = $2 WHERE id = ANY($1) AND read_time IS NULL AND withdraw_time IS NULL",
        releases,
        now,
    );
    let done = query.with_operation("UPDATE", "report_release").execute(unit.sql()).await?;
    if done.rows_affected() == releases.len() as u64 { Ok(()) } else { Err(Error::contention("one was read")) }
}

/// Notes that its recipient has read it, the first time.
///
/// # Errors
/// CONTENTION when it was taken back meanwhile.
pub async fn mark_read(unit: &mut Unit<'_>, release: Uuid) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE report_release SET read_time = COALESCE(read_time, $2) WHERE id = $1 AND withdraw_time IS NULL",
        release,
        now,
    );
    let done = query.with_operation("UPDATE", "report_release").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("it was taken back")) }
}

/// Notes that its recipient has acknowledged it.
///
/// # Errors
/// CONTENTION when that was noted meanwhile.
pub async fn acknowledge(unit: &mut Unit<'_>, release: Uuid) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE report_release SET acknowledge_time = $2 WHERE id = $1 AND acknowledge_time IS NULL",
        release,
        now,
    );
    let done = query.with_operation("UPDATE", "report_release").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("it was acknowledged")) }
}
