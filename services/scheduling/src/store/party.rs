//! The copy of who is a party of a referral. Events of a referral are applied in order, so the last list stands.

use std::collections::HashMap;

use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::ReferralId,
    parties::Party,
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// Lists that events told, each to take the place of the one before; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct PartyLists(HashMap<Uuid, Vec<Party>>);

impl PartyLists {
    /// Takes over an event's list.
    pub fn take_over(&mut self, referral: ReferralId, parties: &[Party]) {
        self.0.insert(referral.0, parties.to_vec());
    }
}

/// The parties of a referral, for whoever is one of them, and for events and timers.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_parties(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Vec<Party>> {
    let query = sqlx::query_scalar!(r#"SELECT parties_of($1) AS "parties!: Json<Vec<Party>>""#, referral.0);
    Ok(query.with_operation("SELECT", "referral_party").fetch_one(unit.sql()).await?.0)
}

impl Rows for PartyLists {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let mut lists: Vec<_> = self.0.into_iter().collect();
        // In one order in every unit, so that none waits for another that waits for it.
        lists.sort_unstable_by_key(|(referral, _)| *referral);
        let referrals: Vec<Uuid> =
            lists.iter().flat_map(|(referral, parties)| std::iter::repeat_n(*referral, parties.len())).collect();
        let parties: Vec<Party> = lists.into_iter().flat_map(|(_, parties)| parties).collect();
        let columns = Party::columns(&parties);
        let query = sqlx::query!(
            "WITH now AS (
                 SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
                     AS p(referral_id, organisation_id, unit_id, capacity)
             ), gone AS (
                 DELETE FROM referral_party p WHERE p.referral_id = ANY($1) AND NOT EXISTS (
                     SELECT FROM now n WHERE n.referral_id = p.referral_id AND n.organisation_id = p.organisation_id
                         AND n.capacity = p.capacity)
             )
             INSERT INTO referral_party (referral_id, organisation_id, unit_id, capacity)
             SELECT n.referral_id, n.organisation_id, n.unit_id, n.capacity FROM now n
             ON CONFLICT (referral_id, organisation_id, capacity) DO UPDATE SET unit_id = EXCLUDED.unit_id",
            &referrals,
            &columns.organisations,
            &columns.units as _,
            &columns.capacities,
        );
        query.with_operation("INSERT", "referral_party").execute(unit.sql()).await?;
        Ok(())
    }
}
