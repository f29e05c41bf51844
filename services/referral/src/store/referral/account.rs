//! What an account of accesses comprises.

use relais_platform::{
    Result,
    database::Unit,
    ids::{PatientId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;

/// The referrals of a patient.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids_of(unit: &mut Unit<'_>, patient: PatientId) -> Result<Vec<ReferralId>> {
    let query = sqlx::query_scalar!("SELECT id FROM referral WHERE patient_id = $1", patient.0);
    let ids = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Whether the caller's organisation sent this referral, and so holds the patient's record.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_sender(unit: &mut Unit<'_>, id: ReferralId) -> Result<bool> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM referral_party WHERE referral_id = $1 AND organisation_id = $2
               AND capacity = 'referrer' AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)) AS "sent!""#,
        id.0,
        scope.organisation,
        scope.unit,
    );
    Ok(query.with_operation("SELECT", "referral_party").fetch_one(unit.sql()).await?)
}
