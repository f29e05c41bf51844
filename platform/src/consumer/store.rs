//! The consumer's SQL: inbox, versions, held and parked messages.

use std::{collections::HashSet, time::Duration};

use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::batch::Versions;
use crate::{
    broker::envelope::Envelope,
    database::{Database, Unit},
    error::Result,
};

/// Rows of what is still to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backlog {
    /// Events not yet confirmed.
    pub outbox: i64,
    /// Messages held back.
    pub retry: i64,
    /// Messages given up and not seen to.
    pub parked: i64,
}

/// Locks the (consumer, aggregate) rows of a batch in order, making missing ones, and says how far each has come and
/// whether any of these aggregates has messages held back. The envelopes are sorted.
pub(super) async fn lock_versions(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelopes: &[Envelope],
) -> Result<(Versions, bool)> {
    let mut keys: Vec<(String, Uuid)> =
        envelopes.iter().map(|e| (e.aggregate_kind().to_string(), e.aggregate_id)).collect();
    keys.dedup();
    let (kinds, ids): (Vec<String>, Vec<Uuid>) = keys.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO consumed_version (consumer, aggregate_kind, aggregate_id)
         SELECT $1, kind, id FROM unnest($2::text[], $3::uuid[]) AS k(kind, id) ON CONFLICT DO NOTHING",
        consumer,
        &kinds,
        &ids,
    )
    .with_operation("INSERT", "consumed_version")
    .execute(unit.sql())
    .await?;
    let rows = sqlx::query!(
        r#"SELECT v.aggregate_kind, v.aggregate_id, v.version,
                  EXISTS (SELECT FROM retry r WHERE r.consumer = $1 AND r.aggregate_kind = v.aggregate_kind
                          AND r.aggregate_id = v.aggregate_id) AS "held!"
           FROM consumed_version v
           WHERE v.consumer = $1 AND (v.aggregate_kind, v.aggregate_id) IN (SELECT * FROM unnest($2::text[], $3::uuid[]))
           ORDER BY v.aggregate_kind, v.aggregate_id FOR UPDATE OF v"#,
        consumer,
        &kinds,
        &ids,
    )
    .with_operation("SELECT", "consumed_version")
    .fetch_all(unit.sql())
    .await?;
    let held = rows.iter().any(|row| row.held);
    Ok((rows.into_iter().map(|row| ((row.aggregate_kind, row.aggregate_id), row.version)).collect(), held))
}

/// Notes the messages in the inbox; the answer holds those that were not there yet.
pub(super) async fn take_in(unit: &mut Unit<'_>, consumer: &str, envelopes: &[Envelope]) -> Result<HashSet<Uuid>> {
    let ids: Vec<Uuid> = envelopes.iter().map(|envelope| envelope.id).collect();
    let query = sqlx::query_scalar!(
        "INSERT INTO inbox (message_id, consumer) SELECT id, $1 FROM unnest($2::uuid[]) AS m(id)
         ON CONFLICT DO NOTHING RETURNING message_id",
        consumer,
        &ids,
    );
    let fresh = query.with_operation("INSERT", "inbox").fetch_all(unit.sql()).await?;
    Ok(fresh.into_iter().collect())
}

/// Keeps how far the consumer has come.
pub(super) async fn save_versions(unit: &mut Unit<'_>, consumer: &str, versions: &Versions) -> Result<()> {
    let mut rows: Vec<_> = versions.iter().collect();
    rows.sort();
    let (keys, values): (Vec<_>, Vec<i64>) = rows.into_iter().map(|(key, version)| (key.clone(), *version)).unzip();
    let (kinds, ids): (Vec<String>, Vec<Uuid>) = keys.into_iter().unzip();
    sqlx::query!(
        "UPDATE consumed_version v SET version = n.version
         FROM unnest($2::text[], $3::uuid[], $4::bigint[]) AS n(kind, id, version)
         WHERE v.consumer = $1 AND v.aggregate_kind = n.kind AND v.aggregate_id = n.id AND v.version < n.version",
        consumer,
        &kinds,
        &ids,
        &values,
    )
    .with_operation("UPDATE", "consumed_version")
    .execute(unit.sql())
    .await?;
    Ok(())
}

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

/// Takes a held message out. False: another instance was faster.
pub(super) async fn release(unit: &mut Unit<'_>, consumer: &str, message_id: Uuid) -> Result<bool> {
    let query = sqlx::query!("DELETE FROM retry WHERE consumer = $1 AND message_id = $2", consumer, message_id);
    Ok(query.with_operation("DELETE", "retry").execute(unit.sql()).await?.rows_affected() == 1)
}

/// Parks a message.
pub(super) async fn park(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    attempt: u16,
    error: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO parked (id, consumer, message_id, type, aggregate_kind, aggregate_id, version, time, payload, trace,
                             attempt, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        Uuid::now_v7(),
        consumer,
        envelope.id,
        envelope.type_name,
        envelope.aggregate_kind(),
        envelope.aggregate_id,
        envelope.version,
        envelope.time,
        envelope.payload,
        envelope.trace,
        i32::from(attempt),
        error,
    )
    .with_operation("INSERT", "parked")
    .execute(unit.sql())
    .await?;
    Ok(())
}

/// Parks a message without a readable envelope.
pub(super) async fn park_unreadable(
    unit: &mut Unit<'_>,
    consumer: &str,
    routing_key: &str,
    body: &[u8],
    error: &str,
) -> Result<()> {
    // The same message sent again is the same row.
    let content = [consumer.as_bytes(), &[0], routing_key.as_bytes(), &[0], body].concat();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    let id = Uuid::from_slice(&digest.as_ref()[..16]).unwrap_or_default();
    sqlx::query!(
        "INSERT INTO parked (id, consumer, type, aggregate_kind, version, payload, attempt, error)
         VALUES ($1, $2, $3, '', 0, $4, 1, $5) ON CONFLICT (id) DO NOTHING",
        id,
        consumer,
        routing_key,
        body,
        error,
    )
    .with_operation("INSERT", "parked")
    .execute(unit.sql())
    .await?;
    Ok(())
}

impl Database {
    /// Held messages that may be applied now, with their attempts so far: due, and with nothing missing before them.
    pub(super) async fn ripe(&self, consumer: &str) -> Result<Vec<(Envelope, u16)>> {
        let query = sqlx::query!(
            "SELECT r.message_id, r.type, r.aggregate_id, r.version, r.time, r.payload, r.trace, r.attempt
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
            (envelope, u16::try_from(row.attempt).unwrap_or(u16::MAX))
        });
        Ok(ripe.collect())
    }

    /// What is still to be done, counted.
    ///
    /// # Errors
    /// UNAVAILABLE when the database cannot be asked.
    pub async fn backlog(&self) -> Result<Backlog> {
        let query = sqlx::query_as!(
            Backlog,
            r#"SELECT (SELECT count(*) FROM outbox) AS "outbox!", (SELECT count(*) FROM retry) AS "retry!",
                      (SELECT count(*) FROM parked WHERE state = 'parked') AS "parked!""#
        );
        Ok(query.fetch_one(self.quiet()).await?)
    }
}
