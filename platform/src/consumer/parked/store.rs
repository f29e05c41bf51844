//! The SQL of parked messages.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{Cause, Parked, State};
use crate::{
    broker::envelope::Envelope,
    calls::PageRequest,
    consumer::inbox::digest_of,
    database::Unit,
    error::{Error, Result},
    ids::ParkedMessageId,
    telemetry::metrics,
};

/// What is told of a message that killed whoever tried it.
const KILLED: &str = "CONSUMER_KILLED: whoever tried it alone died of it";

/// Parks a message.
pub(in crate::consumer) async fn park(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    attempt: u16,
    error: &str,
) -> Result<()> {
    let parked = insert(unit, (Uuid::now_v7(), Cause::Failed), consumer, envelope, attempt, error).await?;
    count(parked, consumer, Cause::Failed)
}

/// Parks a message that comes under another's id.
pub(in crate::consumer) async fn park_reused(unit: &mut Unit<'_>, consumer: &str, envelope: &Envelope) -> Result<()> {
    tracing::warn!(message.id = %envelope.id, "another message came under this id: parked");
    let id = named(&[consumer.as_bytes(), envelope.id.as_bytes(), &digest_of(envelope)]);
    let error = "MESSAGE_ID_REUSED: another message came under this id before";
    let parked = insert(unit, (id, Cause::Reused), consumer, envelope, 0, error).await?;
    count(parked, consumer, Cause::Reused)
}

/// Notes a try of a dead letter before it begins. False: so many were noted already that it killed whoever tried it, or a
/// person has decided on it.
pub(in crate::consumer) async fn mark_killed(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    deaths: i32,
) -> Result<bool> {
    let id = killed_id(consumer, envelope);
    if insert(unit, (id, Cause::Killed), consumer, envelope, 1, KILLED).await? {
        return Ok(true);
    }
    let query = sqlx::query!(
        "UPDATE parked SET attempt = attempt + 1 WHERE id = $1 AND state = 'parked' AND attempt < $2",
        id,
        deaths,
    );
    Ok(query.with_operation("UPDATE", "parked").execute(unit.sql()).await?.rows_affected() == 1)
}

/// Parks a held message that was begun so often and killed whoever tried it.
pub(in crate::consumer) async fn park_killed(
    unit: &mut Unit<'_>,
    consumer: &str,
    envelope: &Envelope,
    deaths: i32,
) -> Result<()> {
    tracing::error!(message.id = %envelope.id, message.r#type = envelope.type_name, "a message killed its consumer: parked");
    let attempt = u16::try_from(deaths).unwrap_or(u16::MAX);
    let parked = insert(unit, (Uuid::now_v7(), Cause::Killed), consumer, envelope, attempt, KILLED).await?;
    count(parked, consumer, Cause::Killed)
}

/// Takes the note of [`mark_killed`] back: the message is harmless.
pub(in crate::consumer) async fn unmark(unit: &mut Unit<'_>, consumer: &str, envelope: &Envelope) -> Result<()> {
    let id = killed_id(consumer, envelope);
    let query = sqlx::query!("DELETE FROM parked WHERE id = $1 AND state = 'parked'", id);
    query.with_operation("DELETE", "parked").execute(unit.sql()).await?;
    Ok(())
}

fn killed_id(consumer: &str, envelope: &Envelope) -> Uuid {
    named(&[b"killed", consumer.as_bytes(), envelope.id.as_bytes(), &digest_of(envelope)])
}

async fn insert(
    unit: &mut Unit<'_>,
    (id, cause): (Uuid, Cause),
    consumer: &str,
    envelope: &Envelope,
    attempt: u16,
    error: &str,
) -> Result<bool> {
    let query = sqlx::query!(
        "INSERT INTO parked (id, consumer, message_id, type, aggregate_kind, aggregate_id, version, time, payload, trace,
                             attempt, error, cause)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING",
        id,
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
        cause.as_str(),
    );
    Ok(query.with_operation("INSERT", "parked").execute(unit.sql()).await?.rows_affected() == 1)
}

/// Parks a message without a readable envelope. Sent again, it is the same row.
pub(in crate::consumer) async fn park_unreadable(
    unit: &mut Unit<'_>,
    consumer: &str,
    routing_key: &str,
    body: &[u8],
    error: &str,
) -> Result<()> {
    let id = named(&[consumer.as_bytes(), routing_key.as_bytes(), body]);
    let query = sqlx::query!(
        "INSERT INTO parked (id, consumer, type, aggregate_kind, version, payload, attempt, error, cause)
         VALUES ($1, $2, $3, '', 0, $4, 1, $5, 'unreadable') ON CONFLICT (id) DO NOTHING",
        id,
        consumer,
        // PostgreSQL holds no NUL in a text.
        routing_key.replace('\0', "\u{fffd}"),
        body,
        error,
    );
    let parked = query.with_operation("INSERT", "parked").execute(unit.sql()).await?.rows_affected() == 1;
    count(parked, consumer, Cause::Unreadable)
}

/// Counts a message for the metrics, unless it was parked before.
fn count(parked: bool, consumer: &str, cause: Cause) -> Result<()> {
    metrics::parked(consumer, cause.as_str(), parked.into());
    Ok(())
}

/// An id made of what a message is.
fn named(parts: &[&[u8]]) -> Uuid {
    let digest = digest(&SHA256, &parts.join(&0));
    uuid::Builder::from_slice(&digest.as_ref()[..16])
        .map(|builder| builder.with_version(uuid::Version::Custom).into_uuid())
        .unwrap_or_default()
}

struct Row {
    id: Uuid,
    state: String,
    cause: String,
    message_id: Option<Uuid>,
    type_name: String,
    aggregate_kind: String,
    aggregate_id: Option<Uuid>,
    version: i64,
    attempt: i32,
    error: String,
    size: i64,
    traceparent: String,
    time: Option<DateTime<Utc>>,
    parked_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: String,
    reason: String,
}

impl TryFrom<Row> for Parked {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ParkedMessageId(row.id),
            state: State::stored(&row.state)?,
            cause: Cause::stored(&row.cause)?,
            message_id: row.message_id,
            type_name: row.type_name,
            aggregate_kind: row.aggregate_kind,
            aggregate_id: row.aggregate_id,
            version: row.version,
            attempt: row.attempt,
            error: row.error,
            size: row.size,
            traceparent: row.traceparent,
            time: row.time,
            parked_at: row.parked_at,
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by,
            reason: row.reason,
        })
    }
}

/// Lists parked messages, the most recent first; with a state, those that stand so.
pub(super) async fn list(unit: &mut Unit<'_>, state: Option<State>, page: &PageRequest) -> Result<Vec<Parked>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, cause, message_id, type AS type_name, aggregate_kind, aggregate_id, version, attempt, error,
                  octet_length(payload)::bigint AS "size!", COALESCE(trace->>'traceparent', '') AS "traceparent!", time,
                  parked_at, resolved_at, resolved_by, reason
           FROM parked WHERE (parked_at, id) < ($1, $2) AND ($3::text IS NULL OR state = $3)
           ORDER BY parked_at DESC, id DESC LIMIT $4"#,
        page.after.time,
        page.after.id,
        state.map(State::as_str),
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "parked").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Parked::try_from).collect()
}

/// Gets a parked message, and locks it until the unit ends.
pub(super) async fn get(unit: &mut Unit<'_>, id: ParkedMessageId) -> Result<Parked> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, cause, message_id, type AS type_name, aggregate_kind, aggregate_id, version, attempt, error,
                  octet_length(payload)::bigint AS "size!", COALESCE(trace->>'traceparent', '') AS "traceparent!", time,
                  parked_at, resolved_at, resolved_by, reason
           FROM parked WHERE id = $1 FOR UPDATE"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "parked").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Parked::try_from)
}

/// Keeps what was decided.
pub(super) async fn resolve(
    unit: &mut Unit<'_>,
    id: ParkedMessageId,
    state: State,
    who: &str,
    reason: &str,
) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE parked SET state = $2, resolved_at = now(), resolved_by = $3, reason = $4 WHERE id = $1",
        id.0,
        state.as_str(),
        who,
        reason,
    );
    query.with_operation("UPDATE", "parked").execute(unit.sql()).await?;
    Ok(())
}

/// Puts a parked message back among those to be tried, or among those that wait while an earlier version is missing. False: it
/// is there already.
pub(super) async fn hold_again(unit: &mut Unit<'_>, id: ParkedMessageId) -> Result<bool> {
    let query = sqlx::query!(
        "INSERT INTO retry (consumer, message_id, reason, type, aggregate_kind, aggregate_id, version, time, payload, trace,
                            due_at)
         SELECT consumer, message_id, CASE WHEN p.version > COALESCE(v.version, 0) + 1 THEN 'gap' ELSE 'failed' END, type,
                aggregate_kind, aggregate_id, p.version, time, payload, trace, now()
         FROM parked p LEFT JOIN consumed_version v USING (consumer, aggregate_kind, aggregate_id)
         WHERE p.id = $1 ON CONFLICT DO NOTHING",
        id.0,
    );
    Ok(query.with_operation("INSERT", "retry").execute(unit.sql()).await?.rows_affected() == 1)
}

/// Passes a version over when it is the next one. False: an earlier one is missing.
pub(super) async fn pass_over(unit: &mut Unit<'_>, consumer: &str, parked: &Parked) -> Result<bool> {
    let query = sqlx::query!(
        "INSERT INTO consumed_version (consumer, aggregate_kind, aggregate_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        consumer,
        parked.aggregate_kind,
        parked.aggregate_id,
    );
    query.with_operation("INSERT", "consumed_version").execute(unit.sql()).await?;
    let query = sqlx::query!(
        "UPDATE consumed_version SET version = GREATEST(version, $4)
         WHERE consumer = $1 AND aggregate_kind = $2 AND aggregate_id = $3 AND version >= $4::bigint - 1",
        consumer,
        parked.aggregate_kind,
        parked.aggregate_id,
        parked.version,
    );
    Ok(query.with_operation("UPDATE", "consumed_version").execute(unit.sql()).await?.rows_affected() == 1)
}
