//! The consumer's SQL for messages held back.

use std::time::Duration;

use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::parked::Cause;
use crate::{
    broker::envelope::Envelope,
    database::{Database, Unit},
    error::Result,
    telemetry::metrics,
};

/// Holds back a message whose predecessor is missing.
pub(super) async fn hold(unit: &mut Unit<'_>, consumer: &str, envelope: &Envelope) -> Result<()> {
    insert(unit, consumer, envelope, "gap", 0, Duration::ZERO, "").await
}

/// Holds back a message that failed, until its next attempt.
pub(super) async fn hold_failed(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    attempt: u16,
    after: Duration,
    error: &str,
) -> Result<()> {
    insert(unit, consumer, envelope, "failed", attempt, after, error).await
}

async fn insert(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    reason: &str,
    attempt: u16,
    after: Duration,
    error: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO retry (consumer, message_id, reason, type, aggregate_kind, aggregate_id, version, time, payload,
                            trace, attempt, due_at, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + make_interval(secs => $12), $13)
         ON CONFLICT (consumer, message_id) DO UPDATE
         SET reason = EXCLUDED.reason, attempt = EXCLUDED.attempt, due_at = EXCLUDED.due_at, error = EXCLUDED.error",
        consumer,
        envelope.id,
        reason,
        envelope.type_name,
        envelope.aggregate_kind(),
        envelope.aggregate_id,
        envelope.version,
        envelope.time,
        envelope.payload,
        envelope.trace,
        i32::from(attempt),
        after.as_secs_f64(),
        error,
    )
    .with_operation("INSERT", "retry")
    .execute(unit.sql())
    .await?;
    Ok(())
}

/// Puts off a held message that failed again, and takes the note of its try back. It keeps the time since when it is held.
/// False: another instance was faster.
pub(super) async fn put_off(
    unit: &mut Unit<'_>,
    consumer: &str,
    message_id: Uuid,
    attempt: u16,
    after: Duration,
    error: &str,
) -> Result<bool> {
    let query = sqlx::query!(
        "UPDATE retry SET reason = 'failed', attempt = $3, due_at = now() + make_interval(secs => $4), error = $5, started = 0
         WHERE consumer = $1 AND message_id = $2",
        consumer,
        message_id,
        i32::from(attempt),
        after.as_secs_f64(),
        error,
    );
    Ok(query.with_operation("UPDATE", "retry").execute(unit.sql()).await?.rows_affected() == 1)
}

/// Takes a held message out. False: another instance was faster.
pub(super) async fn release(unit: &mut Unit<'_>, consumer: &str, message_id: Uuid) -> Result<bool> {
    let query = sqlx::query!("DELETE FROM retry WHERE consumer = $1 AND message_id = $2", consumer, message_id);
    Ok(query.with_operation("DELETE", "retry").execute(unit.sql()).await?.rows_affected() == 1)
}

/// A message held back.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The message.
    pub(super) envelope: Envelope,
    /// How often it failed.
    pub(super) attempt: u16,
    /// How often it was begun without an end since.
    pub(super) started: i32,
}

impl Database {
    /// Notes that a held message is begun, and that nobody else is to begin it for a while; answers how often it was begun
    /// without an end since. None: it is not due any more.
    pub(super) async fn begin_held(&self, consumer: &str, message_id: Uuid, lease: Duration) -> Result<Option<i32>> {
        let query = sqlx::query_scalar!(
            "UPDATE retry SET started = started + 1, due_at = now() + make_interval(secs => $3)
             WHERE consumer = $1 AND message_id = $2 AND due_at <= now() RETURNING started",
            consumer,
            message_id,
            lease.as_secs_f64(),
        );
        Ok(query.fetch_optional(self.quiet()).await?)
    }

    /// Held messages that may be applied now: due, and with nothing missing before them.
    pub(super) async fn ripe(&self, consumer: &str) -> Result<Vec<Held>> {
        let query = sqlx::query!(
            "SELECT r.message_id, r.type, r.aggregate_id, r.version, r.time, r.payload, r.trace, r.attempt,
                    r.started
             FROM retry r LEFT JOIN consumed_version v USING (consumer, aggregate_kind, aggregate_id)
             WHERE r.consumer = $1 AND r.due_at <= now() AND r.version <= COALESCE(v.version, 0) + 1
             ORDER BY r.due_at LIMIT 100",
            consumer,
        );
        let rows = query.fetch_all(self.quiet()).await?;
        let ripe = rows.into_iter().map(|row| {
            let envelope = Envelope {
                id: row.message_id,
                type_name: row.r#type,
                aggregate_id: row.aggregate_id,
                version: row.version,
                time: row.time,
                payload: row.payload,
                trace: row.trace,
            };
            Held { envelope, attempt: u16::try_from(row.attempt).unwrap_or(u16::MAX), started: row.started }
        });
        Ok(ripe.collect())
    }

    /// Parks the first message of each aggregate that waited too long for an earlier version; those behind it wait on.
    pub(super) async fn park_old_gaps(&self, consumer: &str, after: Duration) -> Result<u64> {
        let done = sqlx::query!(
            "WITH old AS (
                 SELECT r.message_id FROM retry r LEFT JOIN consumed_version v USING (consumer, aggregate_kind, aggregate_id)
                 WHERE r.consumer = $1 AND r.reason = 'gap' AND r.received_at < now() - make_interval(secs => $2)
                   AND r.version > COALESCE(v.version, 0) + 1
                   AND NOT EXISTS (SELECT FROM retry e WHERE e.consumer = r.consumer AND e.version < r.version
                                   AND e.aggregate_kind = r.aggregate_kind AND e.aggregate_id = r.aggregate_id)
                   AND NOT EXISTS (SELECT FROM parked p WHERE p.consumer = r.consumer AND p.version < r.version
                                   AND p.aggregate_kind = r.aggregate_kind AND p.aggregate_id = r.aggregate_id
                                   AND p.state = 'parked')
                 ORDER BY r.received_at LIMIT 100 FOR UPDATE OF r SKIP LOCKED
             ), taken AS (
                 DELETE FROM retry USING old WHERE consumer = $1 AND retry.message_id = old.message_id RETURNING retry.*
             )
             INSERT INTO parked (id, consumer, message_id, type, aggregate_kind, aggregate_id, version, time, payload, trace,
                                 attempt, error, cause)
             SELECT gen_random_uuid(), consumer, message_id, type, aggregate_kind, aggregate_id, version, time, payload,
                    trace, attempt, 'EARLIER_VERSION_MISSING: it waited too long for one', 'gap' FROM taken",
            consumer,
            after.as_secs_f64(),
        );
        let parked = done.execute(self.quiet()).await?.rows_affected();
        metrics::parked(consumer, Cause::Gap.as_str(), parked);
        Ok(parked)
    }

    /// Has messages tried again that were parked for a gap, once it is filled: by a late message, or by a snapshot.
    pub(super) async fn reopen_gaps(&self, consumer: &str) -> Result<u64> {
        let done = sqlx::query!(
            "WITH ready AS (
                 SELECT p.id FROM parked p JOIN consumed_version v USING (consumer, aggregate_kind, aggregate_id)
                 WHERE p.consumer = $1 AND p.state = 'parked' AND p.cause = 'gap' AND p.version <= v.version + 1
                 LIMIT 100 FOR UPDATE OF p SKIP LOCKED
             ), again AS (
                 UPDATE parked SET state = 'replayed', resolved_at = now(), resolved_by = 'system',
                                   reason = 'the gap was filled'
                 FROM ready WHERE parked.id = ready.id RETURNING parked.*
             )
             INSERT INTO retry (consumer, message_id, reason, type, aggregate_kind, aggregate_id, version, time, payload,
                                trace, due_at)
             SELECT consumer, message_id, 'gap', type, aggregate_kind, aggregate_id, version, time, payload, trace, now()
             FROM again ON CONFLICT DO NOTHING",
            consumer,
        );
        Ok(done.execute(self.quiet()).await?.rows_affected())
    }
}
