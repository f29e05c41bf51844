//! What an account of accesses comprises.

use relais_platform::{
    Result,
    database::Unit,
    ids::{PatientId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// A referral by both its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: ReferralId,
    /// The number that people say.
    pub number: String,
}

/// The referrals of some records.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_named(unit: &mut Unit<'_>, patients: &[PatientId]) -> Result<Vec<Named>> {
    let ids: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let query = sqlx::query!("SELECT id, number FROM referral WHERE patient_id = ANY($1)", &ids);
    let rows = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| Named { id: row.id.into(), number: row.number }).collect())
}

/// Finds a referral that the caller's organisation sent, so that it holds the patient's record.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_sent_by_caller(unit: &mut Unit<'_>, id: ReferralId) -> Result<Option<Named>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT number FROM referral WHERE id = $1 AND EXISTS (
             SELECT FROM referral_party WHERE referral_id = $1 AND organisation_id = $2
               AND capacity = 'referrer' AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3))",
        id.0,
        scope.organisation,
        scope.unit,
    );
    let number = query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    Ok(number.map(|number| Named { id, number }))
}
