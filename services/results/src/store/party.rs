//! The copy of who is a party of a referral. Events of a referral are applied in order, so the last list stands.

use relais_platform::{Result, database::Unit, ids::ReferralId, parties::Party};
use sqlx_otel::QueryAnnotateExt;

/// Takes over an event's list in place of the one before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_parties(unit: &mut Unit<'_>, referral: ReferralId, parties: &[Party]) -> Result<()> {
    let columns = Party::columns(parties);
    let query = sqlx::query!(
        "WITH now AS (
             SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS p(organisation_id, unit_id, capacity)
         ), gone AS (
             DELETE FROM referral_party p WHERE p.referral_id = $1 AND NOT EXISTS (
                 SELECT FROM now n WHERE n.organisation_id = p.organisation_id AND n.capacity = p.capacity)
         )
         INSERT INTO referral_party (referral_id, organisation_id, unit_id, capacity)
         SELECT $1, n.organisation_id, n.unit_id, n.capacity FROM now n
         ON CONFLICT (referral_id, organisation_id, capacity) DO UPDATE SET unit_id = EXCLUDED.unit_id",
        referral.0,
        &columns.organisations,
        &columns.units as _,
        &columns.capacities,
    );
    query.with_operation("INSERT", "referral_party").execute(unit.sql()).await?;
    Ok(())
}
