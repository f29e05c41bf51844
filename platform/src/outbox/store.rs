//! The relay's SQL, on its own connection.

use sqlx::PgConnection;

use crate::{broker::envelope::Envelope, error::Result};

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
