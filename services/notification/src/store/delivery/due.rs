//! Deliveries as the worker takes them, one by one: what is due, whose turn it is, how it goes on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, ids::DeliveryId};
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;

use super::Row;
use crate::domain::{Delivery, State};

/// Deliveries that are due, those that have waited longest first: by the clock of rules and by the machine's, which says when the
/// next attempt is.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn due(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<DeliveryId>> {
    let query = sqlx::query_scalar!(
        "SELECT id FROM delivery WHERE state IN ('queued', 'sent') AND retry_at <= now() AND not_before <= $1
         ORDER BY retry_at LIMIT 32",
        now,
    );
    Ok(query.fetch_all(connection).await?.into_iter().map(Into::into).collect())
}

/// How many deliveries are due, or are on their way: of one that whoever sent it did not live to note, nobody knows yet.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_due(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<i64> {
    let query = sqlx::query_scalar!(
        r#"SELECT count(*) AS "due!" FROM delivery
           WHERE state IN ('queued', 'sent') AND not_before <= $1 AND (state = 'sent' OR retry_at <= now())"#,
        now,
    );
    Ok(query.fetch_one(connection).await?)
}

/// Takes a delivery that is due, for so long: none when another has it. It is due again after that, whatever became of whoever
/// took it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn claim(unit: &mut Unit<'_>, id: DeliveryId, lease: Duration) -> Result<Option<Delivery>> {
    let now = unit.now();
    let query = sqlx::query_as!(
        Row,
        "UPDATE delivery SET retry_at = now() + make_interval(secs => $3) WHERE id = (
             SELECT id FROM delivery WHERE id = $1 AND state IN ('queued', 'sent') AND not_before <= $2 AND retry_at <= now()
             FOR UPDATE SKIP LOCKED)
         RETURNING id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time,
                   time_zone, create_time, not_before, tries, attempts, withdrawn",
        id.0,
        now,
        lease.as_secs_f64(),
    );
    let row = query.with_operation("UPDATE", "delivery").fetch_optional(unit.sql()).await?;
    row.map(Delivery::try_from).transpose()
}

/// Marks a claimed delivery as on its way: none when somebody gave it up, or took it, meanwhile, or its appointment changed. What it counts, counts from here.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn send(unit: &mut Unit<'_>, claimed: &Delivery) -> Result<Option<Delivery>> {
    let query = sqlx::query_as!(
        Row,
        "UPDATE delivery SET state = 'sent', tries = tries + 1, attempts = attempts + 1
         WHERE id = $1 AND state IN ('queued', 'sent') AND attempts = $2 AND NOT withdrawn
         RETURNING id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time,
                   time_zone, create_time, not_before, tries, attempts, withdrawn",
        claimed.id.0,
        claimed.attempts,
    );
    let row = query.with_operation("UPDATE", "delivery").fetch_optional(unit.sql()).await?;
    row.map(Delivery::try_from).transpose()
}

/// Gets a delivery, and locks it.
///
/// # Errors
/// NOT_FOUND.
pub async fn lock(unit: &mut Unit<'_>, id: DeliveryId) -> Result<Delivery> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time, time_zone,
                create_time, not_before, tries, attempts, withdrawn
         FROM delivery WHERE id = $1 FOR UPDATE",
        id.0,
    );
    let row = query.with_operation("SELECT", "delivery").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// Saves where a delivery stands, and why.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save(unit: &mut Unit<'_>, id: DeliveryId, state: State, reason: &str) -> Result<()> {
    let query = sqlx::query!("UPDATE delivery SET state = $2, reason = $3 WHERE id = $1", id.0, state.as_str(), reason);
    query.with_operation("UPDATE", "delivery").execute(unit.sql()).await?;
    Ok(())
}

/// Has a delivery tried again after a while of the machine's time.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn again(unit: &mut Unit<'_>, id: DeliveryId, after: Duration) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE delivery SET retry_at = now() + make_interval(secs => $2) WHERE id = $1",
        id.0,
        after.as_secs_f64(),
    );
    query.with_operation("UPDATE", "delivery").execute(unit.sql()).await?;
    Ok(())
}

/// Has a claimed delivery wait for whom it needs: that is no attempt.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn wait(unit: &mut Unit<'_>, claimed: &Delivery, reason: &str, after: Duration) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE delivery SET reason = $3, retry_at = now() + make_interval(secs => $4)
         WHERE id = $1 AND state IN ('queued', 'sent') AND attempts = $2",
        claimed.id.0,
        claimed.attempts,
        reason,
        after.as_secs_f64(),
    );
    query.with_operation("UPDATE", "delivery").execute(unit.sql()).await?;
    Ok(())
}
