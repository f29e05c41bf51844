//! Pages of the waiting list of a convention, as its parties see it.

use chrono::{DateTime, Utc};
use relais_platform::{Result, database::Unit, ids::ConventionId};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{Turn, Waiting};

/// One of the list.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// How it waits.
    pub waiting: Waiting,
    /// Its place among those who wait for the same, from 1; none: it has an offer, or more than a thousand are before it.
    pub position: Option<i64>,
}

/// Those on the list of a convention that the caller is a party of, in their turns, after one of them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_waiting(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    after: Option<Turn>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let scope = unit.scope()?;
    // Before everybody.
    let start = Turn { passed: -1, rank: 0, since: DateTime::<Utc>::UNIX_EPOCH, id: Uuid::nil() };
    let after = after.unwrap_or(start);
    let query = sqlx::query!(
        r#"SELECT w.referral_id, w.meter_id, w.passed, w.rank, w.since, w.rest_until, w.offer_expire_time,
                  waiting_position(w.referral_id) AS position
           FROM waiting w
           WHERE w.convention_id = $1 AND (w.passed, w.rank, w.since, w.referral_id) > ($2, $3, $4, $5)
             AND EXISTS (SELECT FROM referral r WHERE r.id = w.referral_id AND r.state = 'waitlisted')
             AND EXISTS (SELECT FROM referral_party p WHERE p.referral_id = w.referral_id AND p.organisation_id = $6
                 AND p.capacity = ANY($8::text[]) AND ($7::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $7))
           ORDER BY w.passed, w.rank, w.since, w.referral_id LIMIT $9"#,
        convention.0,
        after.passed,
        after.rank,
        after.since,
        after.id,
        scope.organisation,
        scope.unit,
        &scope.capacities,
        limit,
    );
    let rows = query.with_operation("SELECT", "waiting").fetch_all(unit.sql()).await?;
    let listed = rows.into_iter().map(|row| Listed {
        waiting: Waiting {
            referral: row.referral_id.into(),
            turn: Turn { passed: row.passed, rank: row.rank, since: row.since, id: row.referral_id },
            meter: row.meter_id,
            rest_until: row.rest_until,
            offer_expire_time: row.offer_expire_time,
        },
        position: row.position,
    });
    Ok(listed.collect())
}
