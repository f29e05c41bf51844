//! Reports whose recipients are to be asked for: now, for a new version; later, while nobody has taken note of it or may read it.

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{ReferralId, ReportId},
};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;

/// Whoever took a report has this long before another instance may.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A report whose recipients are to be asked for.
#[derive(Debug, Clone)]
pub struct Due {
    /// The report.
    pub report: ReportId,
    /// Its referral.
    pub referral: ReferralId,
    /// The version that is shown.
    pub shown_version: i64,
    /// How often it was tried since the last time that somebody was found.
    pub attempt: i32,
    /// The trace of the change for which they are asked for; empty when it was looked at before.
    pub trace: Value,
}

/// Has a report's recipients asked for at once.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn enqueue(unit: &mut Unit<'_>, report: ReportId) -> Result<()> {
    let (now, trace) = (unit.now(), unit.trace());
    let query = sqlx::query!(
        "INSERT INTO release_due (report_id, due_at, trace) VALUES ($1, $2, $3)
         ON CONFLICT (report_id) DO UPDATE
         SET due_at = EXCLUDED.due_at, attempt = 0, error = '', trace = EXCLUDED.trace",
        report.0,
        now,
        trace,
    );
    query.with_operation("INSERT", "release_due").execute(unit.sql()).await?;
    Ok(())
}

/// Whether there is any; asked again and again.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_any_due(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<bool> {
    let query = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM release_due WHERE due_at <= $1) AS "any!""#, now);
    Ok(query.fetch_one(connection).await?)
}

/// How many there are.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_due(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<i64> {
    let query = sqlx::query_scalar!(r#"SELECT count(*) AS "due!" FROM release_due WHERE due_at <= $1"#, now);
    Ok(query.fetch_one(connection).await?)
}

/// Takes some that are due, so that no other instance does.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn take_due(unit: &mut Unit<'_>, limit: i64) -> Result<Vec<Due>> {
    let now = unit.now();
    let query = sqlx::query!(
        r#"WITH due AS (
               SELECT report_id, trace FROM release_due WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
           ), taken AS (
               UPDATE release_due q SET due_at = $2, attempt = q.attempt + 1, trace = '{}'
               FROM due WHERE q.report_id = due.report_id RETURNING q.report_id, q.attempt, due.trace)
           SELECT t.report_id, t.attempt, t.trace, r.referral_id AS "referral_id!", r.shown_version
           FROM taken t JOIN report r ON r.id = t.report_id WHERE r.referral_id IS NOT NULL"#,
        now,
        now + LEASE,
        limit,
    );
    let rows = query.with_operation("UPDATE", "release_due").fetch_all(unit.sql()).await?;
    let due = rows.into_iter().map(|row| Due {
        report: row.report_id.into(),
        referral: row.referral_id.into(),
        shown_version: row.shown_version,
        attempt: row.attempt,
        trace: row.trace,
    });
    Ok(due.collect())
}

/// Has a report looked at again later; what was found counts no attempts.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn postpone(
    unit: &mut Unit<'_>,
    report: ReportId,
    due_at: DateTime<Utc>,
    found: bool,
    error: &str,
) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE release_due SET due_at = $2, attempt = CASE WHEN $3 THEN 0 ELSE attempt END, error = $4 WHERE report_id = $1",
        report.0,
        due_at,
        found,
        error,
    );
    query.with_operation("UPDATE", "release_due").execute(unit.sql()).await?;
    Ok(())
}

/// Has a report looked at no more.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget(unit: &mut Unit<'_>, report: ReportId) -> Result<()> {
    let query = sqlx::query!("DELETE FROM release_due WHERE report_id = $1", report.0);
    query.with_operation("DELETE", "release_due").execute(unit.sql()).await?;
    Ok(())
}
