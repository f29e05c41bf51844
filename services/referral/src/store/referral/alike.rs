//! Referrals that ask for the same once more.

use relais_platform::{Result, database::Unit, ids::ReferralId};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::referral::{State, Submission};

/// Open referrals of the same patient for the same service at the same provider, the most recent first: those that the caller is
/// a party of.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_open_alike(unit: &mut Unit<'_>, asked: &Submission, limit: i64) -> Result<Vec<ReferralId>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT r.id FROM referral r
         WHERE r.patient_id = $1 AND r.provider_id = $2 AND r.service_system = $3 AND r.service_code = $4
           AND NOT r.state = ANY($5) AND EXISTS (
               SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $6
                   AND ($7::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $7))
         ORDER BY r.create_time DESC, r.id DESC LIMIT $8",
        asked.patient.0,
        asked.provider.0,
        asked.service_system,
        asked.service_code,
        &State::closed(),
        scope.organisation,
        scope.unit,
        limit,
    );
    let ids = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}
