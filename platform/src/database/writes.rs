//! The write set: events, audit rows and the idempotency key of a unit, written in one statement before the commit.

use chrono::{DateTime, Utc};
use opentelemetry::trace::TraceContextExt;
use serde_json::Value;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::Transaction;
use crate::{
    calls::{Call, idempotency::Key},
    error::{Error, Result, broken_constraint},
    events::{Event, aggregate_kind},
};

/// What a unit writes besides its service's own rows.
#[derive(Default)]
pub struct WriteSet {
    events: Events,
    audits: Audits,
    key: Option<Key>,
}

/// Columns of `outbox`, as arrays for one statement.
#[derive(Default)]
struct Events {
    ids: Vec<Uuid>,
    types: Vec<String>,
    kinds: Vec<String>,
    aggregates: Vec<Uuid>,
    versions: Vec<i64>,
    times: Vec<DateTime<Utc>>,
    payloads: Vec<Vec<u8>>,
    traces: Vec<Value>,
}

/// Columns of `audit`, as arrays for one statement.
#[derive(Default)]
struct Audits {
    ids: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
    callers: Vec<String>,
    organisations: Vec<Option<Uuid>>,
    units: Vec<Option<Uuid>>,
    actions: Vec<String>,
    resources: Vec<String>,
    traces: Vec<String>,
}

impl WriteSet {
    pub(super) fn event(&mut self, aggregate: Uuid, version: i64, event: &Event, now: DateTime<Utc>, trace: Value) {
        let rows = &mut self.events;
        rows.ids.push(Uuid::now_v7());
        rows.types.push(event.type_name().into());
        rows.kinds.push(aggregate_kind(event.type_name()).into());
        rows.aggregates.push(aggregate);
        rows.versions.push(version);
        rows.times.push(now);
        rows.payloads.push(event.encode());
        rows.traces.push(trace);
    }

    pub(super) fn audit(&mut self, call: Option<&Call>, now: DateTime<Utc>, resource: String) {
        let rows = &mut self.audits;
        let caller = call.map(|call| &call.caller);
        rows.ids.push(Uuid::now_v7());
        rows.times.push(now);
        rows.callers.push(caller.map_or_else(|| "system".into(), |caller| caller.key()));
        rows.organisations.push(caller.and_then(|caller| caller.organisation).map(Into::into));
        rows.units.push(caller.and_then(|caller| caller.unit).map(Into::into));
        rows.actions.push(call.map_or("event", |call| call.rpc).into());
        rows.resources.push(resource);
        rows.traces.push(opentelemetry::Context::current().span().span_context().trace_id().to_string());
    }

    pub(super) fn key(&mut self, key: Key) {
        self.key = Some(key);
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.ids.is_empty()
    }

    /// Writes everything in one statement; nothing when there is nothing.
    pub(super) async fn flush(self, transaction: &mut Transaction<'_>) -> Result<()> {
        if self.key.is_none() && self.audits.ids.is_empty() && self.events.ids.is_empty() {
            return Ok(());
        }
        let (events, audits, key) = (self.events, self.audits, self.key.unwrap_or_default());
        let query = sqlx::query!(
            "WITH events AS (
                INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[], $7::bytea[], $8::jsonb[])
            ), key AS (
                INSERT INTO idempotency_key (caller, rpc, request_id, body_hash, outcome_id, outcome_version)
                SELECT $9, $10, $11, $12, $13, $14 WHERE $9 <> ''
            )
            INSERT INTO audit (id, at, caller, organisation, unit, action, resource, trace_id)
            SELECT * FROM unnest($15::uuid[], $16::timestamptz[], $17::text[], $18::uuid[], $19::uuid[], $20::text[], $21::text[], $22::text[])",
            &events.ids, &events.types, &events.kinds, &events.aggregates, &events.versions, &events.times,
            &events.payloads, &events.traces,
            key.caller, key.rpc, key.request_id, key.body_hash, key.outcome.id, key.outcome.version,
            &audits.ids, &audits.times, &audits.callers, &audits.organisations as _, &audits.units as _,
            &audits.actions, &audits.resources, &audits.traces,
        );
        query.with_operation("INSERT", "outbox").execute(transaction).await.map_err(meaning)?;
        Ok(())
    }
}

fn meaning(error: sqlx::Error) -> Error {
    match broken_constraint(&error) {
        // The same request committed between our look-up and now: run again, and find its outcome.
        // Or two units gave the same version to one aggregate: the later one decides again.
        Some("idempotency_key_pkey" | "outbox_aggregate_kind_aggregate_id_version_key") => Error::contention(error),
        _ => error.into(),
    }
}
