//! What an account of accesses comprises, and whose it is.

use relais_platform::{
    Result,
    database::Unit,
    ids::{AppointmentId, PatientId, ReferralId},
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

/// The appointments of a referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids_of(unit: &mut Unit<'_>, id: ReferralId) -> Result<Vec<AppointmentId>> {
    let query = sqlx::query_scalar!("SELECT id FROM appointment WHERE referral_id = $1", id.0);
    let ids = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
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
               SELECT FROM appointment a JOIN referral_party p ON p.referral_id = a.referral_id AND p.capacity = 'referrer'
               WHERE a.patient_id = $1 AND p.organisation_id = $2
                 AND NOT ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3)) AS "all!""#,
        patient.0,
        scope.organisation,
        scope.unit,
    );
    Ok(query.with_operation("SELECT", "appointment").fetch_one(unit.sql()).await?)
}

/// Keeps whose appointment a referral's is; none: the record was erased.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_patient(unit: &mut Unit<'_>, referral: ReferralId, patient: Option<PatientId>) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE appointment SET patient_id = $2 WHERE referral_id = $1 AND patient_id IS DISTINCT FROM $2",
        referral.0,
        patient.map(|patient| patient.0),
    );
    query.with_operation("UPDATE", "appointment").execute(unit.sql()).await?;
    Ok(())
}

/// Forgets whose appointments and referrals a patient's are.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
    let query = sqlx::query!("UPDATE referral SET patient_id = NULL WHERE patient_id = $1", patient.0);
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    let query = sqlx::query!("UPDATE appointment SET patient_id = NULL WHERE patient_id = $1", patient.0);
    query.with_operation("UPDATE", "appointment").execute(unit.sql()).await?;
    Ok(())
}
