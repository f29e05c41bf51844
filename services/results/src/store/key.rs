//! Providers' keys, and the keys of orders' files, wrapped.

use relais_platform::{
    Result,
    database::Unit,
    ids::{OrderId, OrganisationId, ReportId},
    vault::Sealed,
};
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;

/// Finds an organisation's key.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_key(unit: &mut Unit<'_>, organisation: OrganisationId) -> Result<Option<Sealed>> {
    let query = sqlx::query!(
        "SELECT wrapped, master_key_version FROM organisation_key WHERE organisation_id = $1",
        organisation.0
    );
    let row = query.with_operation("SELECT", "organisation_key").fetch_optional(unit.sql()).await?;
    Ok(row.map(|row| Sealed { version: row.master_key_version, bytes: row.wrapped }))
}

/// Keeps an organisation's first key; if somebody else was faster, theirs stays.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_key(unit: &mut Unit<'_>, organisation: OrganisationId, key: &Sealed) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "INSERT INTO organisation_key (organisation_id, wrapped, master_key_version, create_time, wrap_time)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (organisation_id) DO NOTHING",
        organisation.0,
        key.bytes,
        key.version,
        now,
    );
    query.with_operation("INSERT", "organisation_key").execute(unit.sql()).await?;
    Ok(())
}

/// Locks some keys that an older master key wraps; those that another instance is at are passed over.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_stale_keys(unit: &mut Unit<'_>, newest: i32, limit: i64) -> Result<Vec<(OrganisationId, Sealed)>> {
    let query = sqlx::query!(
        "SELECT organisation_id, wrapped, master_key_version FROM organisation_key
         WHERE master_key_version < $1 ORDER BY organisation_id LIMIT $2 FOR UPDATE SKIP LOCKED",
        newest,
        limit,
    );
    let rows = query.with_operation("SELECT", "organisation_key").fetch_all(unit.sql()).await?;
    let stale = rows.into_iter();
    Ok(stale
        .map(|row| (row.organisation_id.into(), Sealed { version: row.master_key_version, bytes: row.wrapped }))
        .collect())
}

/// How many keys an older master key wraps.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_stale_keys(connection: &mut PgConnection, newest: i32) -> Result<i64> {
    let query = sqlx::query_scalar!(
        r#"SELECT count(*) AS "stale!" FROM organisation_key WHERE master_key_version < $1"#,
        newest
    );
    Ok(query.fetch_one(connection).await?)
}

/// Keeps a key that was wrapped anew.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_key(unit: &mut Unit<'_>, organisation: OrganisationId, key: &Sealed) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE organisation_key SET wrapped = $2, master_key_version = $3, wrap_time = $4 WHERE organisation_id = $1",
        organisation.0,
        key.bytes,
        key.version,
        now,
    );
    query.with_operation("UPDATE", "organisation_key").execute(unit.sql()).await?;
    Ok(())
}

/// Finds the key of an order's files.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_order_key(unit: &mut Unit<'_>, order: OrderId) -> Result<Option<Vec<u8>>> {
    let query = sqlx::query_scalar!("SELECT data_key FROM service_order WHERE id = $1", order.0);
    Ok(query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?.flatten())
}

/// Keeps the key of an order's files; if somebody else was faster, theirs stays. An order of nobody gets none.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_order_key(unit: &mut Unit<'_>, order: OrderId, key: &[u8]) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE service_order SET data_key = $2 WHERE id = $1 AND data_key IS NULL AND patient_id IS NOT NULL",
        order.0,
        key,
    );
    query.with_operation("UPDATE", "service_order").execute(unit.sql()).await?;
    Ok(())
}

/// Finds the key of a report; none once it was destroyed.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_report_key(unit: &mut Unit<'_>, report: ReportId) -> Result<Option<Vec<u8>>> {
    let query = sqlx::query_scalar!("SELECT data_key FROM report WHERE id = $1", report.0);
    Ok(query.with_operation("SELECT", "report").fetch_optional(unit.sql()).await?.flatten())
}
