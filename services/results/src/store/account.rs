//! What an account of accesses comprises, and whose it is.

use relais_platform::{
    Result,
    database::Unit,
    ids::{OrderId, PatientId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;

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

/// The orders of a referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids_of(unit: &mut Unit<'_>, id: ReferralId) -> Result<Vec<OrderId>> {
    let query = sqlx::query_scalar!("SELECT id FROM service_order WHERE referral_id = $1", id.0);
    let ids = query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Whether the caller's unit is one that sees all that its organisation sent for a patient.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn sees_all_of(unit: &mut Unit<'_>, patient: PatientId) -> Result<bool> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM service_order a JOIN referral_party p ON p.referral_id = a.referral_id AND p.capacity = 'referrer'
               WHERE a.patient_id = $1 AND p.organisation_id = $2
                 AND NOT ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3)) AS "all!""#,
        patient.0,
        scope.organisation,
        scope.unit,
    );
    Ok(query.with_operation("SELECT", "service_order").fetch_one(unit.sql()).await?)
}

/// Keeps whose order a referral's is.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_patient(unit: &mut Unit<'_>, referral: ReferralId, patient: PatientId) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE service_order SET patient_id = $2 WHERE referral_id = $1 AND patient_id IS DISTINCT FROM $2",
        referral.0,
        patient.0,
    );
    query.with_operation("UPDATE", "service_order").execute(unit.sql()).await?;
    Ok(())
}
