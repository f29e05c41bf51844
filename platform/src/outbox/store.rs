//! The relay's SQL, on its own connection; and publishing a span again.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::{broker::envelope::Envelope, database::Unit, error::Result};

/// Takes the place of the one relay of this schema, for as long as the connection lives. False: another has it.
pub(super) async fn try_lead(connection: &mut PgConnection) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.relay', 0)) AS "led!""#
    );
    Ok(query.fetch_one(connection).await?)
}

/// Moves the oldest rows from `outbox` to `outbox_sent`, inside the caller's transaction.
///
/// Rows are found by being there, never by a position after the last one seen: a lower position may commit later.
pub(super) async fn take(connection: &mut PgConnection, limit: i64) -> Result<Vec<Envelope>> {
    let rows = sqlx::query_as!(
        Envelope,
        r#"WITH batch AS (
               SELECT position FROM outbox ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
           ), taken AS (
               DELETE FROM outbox USING batch WHERE outbox.position = batch.position RETURNING outbox.*
           ), kept AS (
               INSERT INTO outbox_sent (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
               SELECT id, type, aggregate_kind, aggregate_id, version, time, payload, trace FROM taken
               ON CONFLICT (id) DO NOTHING
           )
           SELECT id AS "id!", type AS "type_name!", aggregate_id AS "aggregate_id!", version AS "version!",
                  time AS "time!", payload AS "payload!", trace AS "trace!"
           FROM taken ORDER BY position"#,
        limit,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// The planted bug `outbox-by-position`: what [`take`] would be with a cursor.
pub(super) async fn take_after(connection: &mut PgConnection, limit: i64, last: &AtomicI64) -> Result<Vec<Envelope>> {
    let query = sqlx::query_scalar!(
        r#"SELECT max(position) FROM (SELECT position FROM outbox WHERE position > $1 ORDER BY position LIMIT $2) AS seen"#,
        last.load(Ordering::Relaxed),
        limit,
    );
    let Some(seen) = query.fetch_one(&mut *connection).await? else {
        return Ok(Vec::new());
    };
    let rows = sqlx::query_as!(
        Envelope,
        r#"WITH taken AS (
               DELETE FROM outbox WHERE position > $1 AND position <= $2 RETURNING *
           ), kept AS (
               INSERT INTO outbox_sent (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
               SELECT id, type, aggregate_kind, aggregate_id, version, time, payload, trace FROM taken
               ON CONFLICT (id) DO NOTHING
           )
           SELECT id AS "id!", type AS "type_name!", aggregate_id AS "aggregate_id!", version AS "version!",
                  time AS "time!", payload AS "payload!", trace AS "trace!"
           FROM taken ORDER BY position"#,
        last.swap(seen, Ordering::Relaxed),
        seen,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// Puts events back that no queue is proven to have, inside the transaction that took them.
pub(super) async fn put_back(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH unproven AS (DELETE FROM outbox_sent WHERE id = ANY($1) RETURNING *)
         INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
         SELECT id, type, aggregate_kind, aggregate_id, version, time, payload, trace FROM unproven ORDER BY id",
        ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts what was sent back into the outbox, a stretch at a time: events drawn from `after` up to `end`, of one kind of
/// aggregate or (empty) of all. Answers with the last one's id when more may follow, and how many were put back.
pub(crate) async fn send_again(
    unit: &mut Unit<'_>,
    (after, end): (Uuid, DateTime<Utc>),
    kind: &str,
    limit: i64,
) -> Result<(Option<Uuid>, i64)> {
    let query = sqlx::query!(
        r#"WITH stretch AS (
               SELECT * FROM outbox_sent
               WHERE id > $1 AND id < uuid_v7_floor($2) AND ($3 = '' OR aggregate_kind = $3) ORDER BY id LIMIT $4
           ), again AS (
               INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
               SELECT id, type, aggregate_kind, aggregate_id, version, time, payload, trace FROM stretch ORDER BY id
               ON CONFLICT DO NOTHING RETURNING id
           )
           SELECT (SELECT id FROM stretch ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM stretch) AS "seen!",
                  (SELECT count(*) FROM again) AS "again!""#,
        after,
        end,
        kind,
        limit,
    );
    let row = query.with_operation("INSERT", "outbox").fetch_one(unit.sql()).await?;
    Ok((row.last.filter(|_| row.seen == limit), row.again))
}
