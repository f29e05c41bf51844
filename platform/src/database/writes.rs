//! The write set: events, timers, audit rows and the idempotency key of a unit, written in one statement before the commit.

use std::collections::BTreeMap;

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
    timers::Timer,
};

/// What a unit writes besides its service's own rows.
#[derive(Default)]
pub struct WriteSet {
    events: Events,
    audits: Entries,
    key: Option<Key>,
    /// By kind and subject: of two the later one counts, and all units write them in one order.
    timers: BTreeMap<(String, Uuid), (Timer, Value)>,
}

/// Columns of `timer`, as arrays for one statement.
#[derive(Default)]
struct Timers {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    subjects: Vec<Uuid>,
    due: Vec<DateTime<Utc>>,
    urgencies: Vec<i16>,
    traces: Vec<Value>,
}

impl Timers {
    fn new(timers: BTreeMap<(String, Uuid), (Timer, Value)>) -> Self {
        let mut columns = Self::default();
        for (timer, trace) in timers.into_values() {
            columns.ids.push(Uuid::now_v7());
            columns.kinds.push(timer.kind);
            columns.subjects.push(timer.subject);
            columns.due.push(timer.due_at);
            columns.urgencies.push(timer.urgency as i16);
            columns.traces.push(trace);
        }
        columns
    }
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

    pub(super) fn timer(&mut self, timer: &Timer, trace: Value) {
        self.timers.insert((timer.kind.clone(), timer.subject), (timer.clone(), trace));
    }

    pub(super) fn no_timer(&mut self, kind: &str, subject: Uuid) {
        self.timers.remove(&(kind.to_string(), subject));
    }

    /// Writes everything in one statement; nothing when there is nothing. The audit's rows are of `call`, at `now`.
    pub(super) async fn flush(
        self,
        transaction: &mut Transaction<'_>,
        call: Option<&Call>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let who = Who::new(call);
        match (self.key.is_none() && self.timers.is_empty() && self.events.ids.is_empty(), self.audits.ids.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => self.flush_audit(transaction, &who, now).await,
            (false, _) => self.flush_all(transaction, &who, now).await,
        }
    }

    /// What a read leaves behind.
    async fn flush_audit(self, transaction: &mut Transaction<'_>, who: &Who<'_>, now: DateTime<Utc>) -> Result<()> {
        let audits = self.audits;
        let query = sqlx::query!(
            "WITH unsealed AS (
                INSERT INTO audit_unsealed (id) SELECT unnest($1::uuid[])
            )
            INSERT INTO audit (at, caller, actor, organisation, unit, practitioner, action,
                               id, resource, patient, referral, purpose, outcome, reason, trace_id)
            SELECT $2::timestamptz, $3, $4, $5::uuid, $6::uuid, $7::uuid, $8, a.* FROM unnest($1::uuid[], $9::text[], $10::uuid[],
                $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[]) a",
            &audits.ids, now, who.caller, who.actor, who.organisation, who.unit, who.practitioner, who.action,
            &audits.resources, &audits.patients as _, &audits.referrals as _, &audits.purposes, &audits.outcomes,
            &audits.reasons, &audits.traces,
        );
        query.with_operation("INSERT", "audit").execute(transaction).await?;
        Ok(())
    }

    async fn flush_all(self, transaction: &mut Transaction<'_>, who: &Who<'_>, now: DateTime<Utc>) -> Result<()> {
        // What the span is called after: what travels on, or else what is always written.
        let table = if self.has_events() { "outbox" } else { "audit" };
        let (events, audits, key) = (self.events, self.audits, self.key.unwrap_or_default());
        let timers = Timers::new(self.timers);
        let query = sqlx::query!(
            "WITH events AS (
                INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[], $7::bytea[], $8::jsonb[])
            ), key AS (
                INSERT INTO idempotency_key (caller, rpc, request_id, body_hash, outcome_id, outcome_version)
                SELECT $9, $10, $11, $12, $13, $14 WHERE $9 <> ''
            ), timers AS (
                INSERT INTO timer (id, kind, subject, due_at, urgency, trace)
                SELECT * FROM unnest($30::uuid[], $31::text[], $32::uuid[], $33::timestamptz[], $34::smallint[], $35::jsonb[])
                ON CONFLICT (kind, subject) DO UPDATE
                SET due_at = EXCLUDED.due_at, urgency = EXCLUDED.urgency, trace = EXCLUDED.trace, attempt = 0, retry_at = now(),
                    error = ''
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
            &audits.ids, now, who.caller, who.actor, who.organisation, who.unit, who.practitioner, who.action,
            &audits.resources, &audits.patients as _, &audits.referrals as _, &audits.purposes, &audits.outcomes,
            &audits.reasons, &audits.traces,
            &timers.ids, &timers.kinds, &timers.subjects, &timers.due, &timers.urgencies, &timers.traces,
        );
        query.with_operation("INSERT", table).execute(transaction).await.map_err(meaning)?;
        Ok(())
    }
}

/// Whose rows of the audit they are, and what was done.
struct Who<'a> {
    caller: String,
    actor: &'a str,
    organisation: Option<Uuid>,
    unit: Option<Uuid>,
    practitioner: Option<Uuid>,
    action: &'static str,
}

impl<'a> Who<'a> {
    fn new(call: Option<&'a Call>) -> Self {
        let (who, action) = (call.map(|call| &call.caller), call.map_or("event", |call| call.rpc));
        Self {
            caller: who.map_or_else(|| "system".into(), Caller::key),
            actor: who.and_then(|who| who.actor.as_deref()).unwrap_or_default(),
            organisation: who.and_then(|who| who.organisation).map(Uuid::from),
            unit: who.and_then(|who| who.unit).map(Uuid::from),
            practitioner: who.and_then(|who| who.practitioner).map(|entry| Uuid::from(entry.id)),
            action,
        }
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
