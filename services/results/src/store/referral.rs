//! What is known of referrals: how they stand, and who is a party.

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

/// What a use case must know of a referral.
#[derive(Debug, Clone)]
pub struct Facts {
    /// A status of the vocabulary.
    pub state: String,
    /// Its parties.
    pub parties: Vec<Party>,
}

/// Finds what is known of a referral that the caller's organisation is a party of.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn facts(unit: &mut Unit<'_>, id: ReferralId) -> Result<Facts> {
    let query = sqlx::query!(
        r#"SELECT r.state AS "state?", parties_of($1) AS "parties!: Json<Vec<Party>>"
           FROM (SELECT) AS one LEFT JOIN referral r ON r.id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "referral").fetch_one(unit.sql()).await?;
    Ok(Facts { state: row.state.unwrap_or_default(), parties: row.parties.0 })
}

/// Lists the parties of referrals, for a worker.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_parties(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Party>>> {
    let query = sqlx::query!(
        r#"SELECT id AS "id!", parties_of(id) AS "parties!: Json<Vec<Party>>" FROM unnest($1::uuid[]) AS asked(id)"#,
        ids
    );
    let rows = query.with_operation("SELECT", "referral_party").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.parties.0)).collect())
}

/// Referrals that were submitted, written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct Referrals(Vec<Uuid>);

impl Referrals {
    /// Notes one.
    pub fn note(&mut self, id: ReferralId) {
        self.0.push(id.0);
    }
}

impl Rows for Referrals {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let query = sqlx::query!(
            "INSERT INTO referral (id, state) SELECT DISTINCT id, 'submitted' FROM unnest($1::uuid[]) AS n(id)
             ON CONFLICT (id) DO NOTHING",
            &self.0,
        );
        query.with_operation("INSERT", "referral").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Keeps how a referral stands.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_state(unit: &mut Unit<'_>, id: ReferralId, state: &str) -> Result<()> {
    let query = sqlx::query!("UPDATE referral SET state = $2 WHERE id = $1", id.0, state);
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    Ok(())
}
