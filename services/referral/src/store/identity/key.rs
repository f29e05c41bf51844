//! Organisations' keys, wrapped.

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, error::broken_constraint, ids::OrganisationId, vault::Sealed};
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
/// PERMISSION_DENIED when the organisation is not in the directory.
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
    let done = query.with_operation("INSERT", "organisation_key").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("organisation_key_organisation_id_fkey") => Error::denied("your organisation is not in the directory"),
        _ => error.into(),
    })
}

/// A key that an older master key wraps.
#[derive(Debug)]
pub struct StaleKey {
    /// Whose.
    pub organisation: OrganisationId,
    /// The key, wrapped.
    pub key: Sealed,
}

/// Locks some keys that not this version of the master key wraps; those that another rotation is at are passed over.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_stale_keys(unit: &mut Unit<'_>, newest: i32, limit: i64) -> Result<Vec<StaleKey>> {
    let query = sqlx::query!(
        "SELECT organisation_id, wrapped, master_key_version FROM organisation_key
         WHERE master_key_version < $1 ORDER BY organisation_id LIMIT $2 FOR UPDATE SKIP LOCKED",
        newest,
        limit,
    );
    let rows = query.with_operation("SELECT", "organisation_key").fetch_all(unit.sql()).await?;
    let key = |version, bytes| Sealed { version, bytes };
    let stale = rows.into_iter().map(|row| StaleKey {
        organisation: row.organisation_id.into(),
        key: key(row.master_key_version, row.wrapped),
    });
    Ok(stale.collect())
}

/// Keeps a key that was wrapped anew.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_key(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    key: &Sealed,
    now: DateTime<Utc>,
) -> Result<()> {
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
