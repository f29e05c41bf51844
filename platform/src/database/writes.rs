//! The write set: events, audit rows and the idempotency key of a unit, written in one statement before the commit.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::Transaction;
use crate::{
    audit::{Entries, Outcome, Subject},
    calls::{Call, Caller, idempotency::Key},
    error::{Error, Result, broken_constraint},
    events::{Event, aggregate_kind},
};

/// What a unit writes besides its service's own rows.
#[derive(Default)]
pub struct WriteSet {
    events: Events,
    audits: Entries,
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

    pub(super) fn audit(&mut self, subject: Subject, outcome: Outcome, reason: &str) {
        self.audits.push(subject, outcome, reason);
    }

    /// Takes the audit out, for the planted bug `audit-outside`.
    pub(super) fn take_audit(&mut self) -> Self {
        Self { audits: std::mem::take(&mut self.audits), ..Self::default() }
    }

    pub(super) fn key(&mut self, key: Key) {
        self.key = Some(key);
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.ids.is_empty()
    }

    /// Writes everything in one statement; nothing when there is nothing. The audit's rows are of `call`, at `now`.
    pub(super) async fn flush(
        self,
        transaction: &mut Transaction<'_>,
        call: Option<&Call>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if self.key.is_none() && self.audits.ids.is_empty() && self.events.ids.is_empty() {
            return Ok(());
        }
        let (events, audits, key) = (self.events, self.audits, self.key.unwrap_or_default());
        let (who, action) = (call.map(|call| &call.caller), call.map_or("event", |call| call.rpc));
        let caller = who.map_or_else(|| "system".into(), Caller::key);
        let query = sqlx::query!(
            "WITH events AS (
                INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[], $7::bytea[], $8::jsonb[])
            ), key AS (
                INSERT INTO idempotency_key (caller, rpc, request_id, body_hash, outcome_id, outcome_version)
                SELECT $9, $10, $11, $12, $13, $14 WHERE $9 <> ''
            ), unsealed AS (
                INSERT INTO audit_unsealed (id) SELECT unnest($15::uuid[])
            )
            INSERT INTO audit (at, caller, actor, organisation, unit, practitioner, action,
                               id, resource, patient, referral, purpose, outcome, reason, trace_id)
            SELECT $16::timestamptz, $17, $18, $19::uuid, $20::uuid, $21::uuid, $22, a.* FROM unnest($15::uuid[], $23::text[], $24::uuid[], $25::uuid[],
                                                                           $26::text[], $27::text[], $28::text[], $29::text[]) a",
            &events.ids, &events.types, &events.kinds, &events.aggregates, &events.versions, &events.times,
            &events.payloads, &events.traces,
            key.caller, key.rpc, key.request_id, key.body_hash, key.outcome.id, key.outcome.version,
            &audits.ids, now, caller, who.and_then(|who| who.actor.as_deref()).unwrap_or_default(),
            who.and_then(|who| who.organisation).map(Uuid::from), who.and_then(|who| who.unit).map(Uuid::from),
            who.and_then(|who| who.practitioner).map(|entry| Uuid::from(entry.id)), action,
            &audits.resources, &audits.patients as _, &audits.referrals as _, &audits.purposes, &audits.outcomes,
            &audits.reasons, &audits.traces,
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
