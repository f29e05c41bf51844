//! Files of referrals that a clinician who is no party has opened.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{FileAccessId, OrganisationId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;

/// That a file was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    /// The access.
    pub access: FileAccessId,
    /// The referral.
    pub referral: ReferralId,
    /// For which organisation the clinician acts.
    pub organisation: OrganisationId,
    /// For whom: a digest of issuer and subject.
    pub caller: Vec<u8>,
    /// What stands in the audit with each reading by it.
    pub purpose: String,
    /// Until when.
    pub expire_time: DateTime<Utc>,
}

/// Notes that a file was opened, and forgets those whose time has run out.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_opened(unit: &mut Unit<'_>, file: &OpenedFile) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "WITH over AS (DELETE FROM opened_file WHERE expire_time <= $7)
         INSERT INTO opened_file (access_id, referral_id, organisation_id, caller, purpose, expire_time)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (access_id) DO NOTHING",
        file.access.0,
        file.referral.0,
        file.organisation.0,
        file.caller,
        file.purpose,
        file.expire_time,
        now,
    );
    query.with_operation("INSERT", "opened_file").execute(unit.sql()).await?;
    Ok(())
}

/// What for the caller has opened the file of a referral; none for its parties, and when no file is open.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_purpose(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<String>> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.digest(), unit.now());
    let query = sqlx::query_scalar!(
        "SELECT purpose FROM opened_file
         WHERE referral_id = $1 AND organisation_id = $2 AND caller = $4 AND expire_time > $5 AND NOT EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = $1 AND p.organisation_id = $2
                 AND p.capacity = ANY($6::text[])
                 AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
         ORDER BY expire_time DESC LIMIT 1",
        referral.0,
        scope.organisation,
        scope.unit,
        caller,
        now,
        &scope.capacities,
    );
    Ok(query.with_operation("SELECT", "opened_file").fetch_optional(unit.sql()).await?)
}
