//! Units of work: one transaction, one use case, one flush, one commit.
//!
//! A unit runs in a task of its own that a cancelled or expired call cannot drop: a transaction dropped while it begins
//! would hand its connection, still inside the transaction, to the next borrower, whose acknowledged writes are then lost
//! (measured with sqlx 0.9). The commit is explicit and last.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use opentelemetry::Context;
use serde_json::Value;
use sqlx::Postgres;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use super::{
    Database, WriteSet,
    later::Later,
    use_case::{Look, UseCase, span},
    visibility::Visibility,
};
use crate::{
    audit::{self, Outcome, Subject},
    calls::{
        Call, Caller,
        idempotency::{self, Key, Recall},
    },
    error::{Error, Result},
    events::Event,
    ids::OrganisationId,
    language::Language,
    parties::Scope,
    planted::{Bug, Planted},
    random,
    telemetry::{propagation, subject},
    timers::Timer,
};

/// A transaction whose statements are spans.
pub type Transaction<'t> = sqlx_otel::Transaction<'t, Postgres>;

/// How often a unit is run again after contention (a serialization failure or a deadlock).
const ATTEMPTS: u32 = 4;

/// One transaction with what is to be written at its end.
pub struct Unit<'t> {
    transaction: Transaction<'t>,
    call: Option<Call>,
    now: DateTime<Utc>,
    trace: Option<Context>,
    writes: WriteSet,
    pub(super) later: Later,
    wakes: bool,
    changes: bool,
    planted: Planted,
}

impl<'t> Unit<'t> {
    /// The transaction, for a store's statements.
    pub fn sql(&mut self) -> &mut Transaction<'t> {
        &mut self.transaction
    }

    /// The injected clock's time, one for the whole unit.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Who calls.
    ///
    /// # Errors
    /// INTERNAL when the unit applies an event: nobody calls.
    pub fn caller(&self) -> Result<&Caller> {
        self.call().map(|call| &call.caller)
    }

    /// The organisation for which somebody calls; none where nobody does, or for none.
    pub fn actor(&self) -> Option<OrganisationId> {
        self.call.as_ref().and_then(|call| call.caller.organisation)
    }

    /// The language in which the caller is told of a refusal; English where nobody calls.
    pub fn language(&self) -> Language {
        self.call.as_ref().map_or(Language::English, |call| call.language)
    }

    /// The call.
    ///
    /// # Errors
    /// INTERNAL when the unit applies an event: nobody calls.
    pub fn call(&self) -> Result<&Call> {
        self.call.as_ref().ok_or_else(|| Error::internal(anyhow::anyhow!("a unit without a caller")))
    }

    /// Whose referrals the caller may see.
    ///
    /// # Errors
    /// PERMISSION_DENIED when the token names no organisation.
    pub fn scope(&self) -> Result<Scope> {
        Scope::of(self.call()?)
    }

    /// Publishes an event of an aggregate's new version when the unit commits.
    pub fn emit(&mut self, aggregate: impl Into<Uuid>, version: i64, event: impl Into<Event>) {
        let trace = self.trace();
        self.writes.event(aggregate.into(), version, &event.into(), self.now, trace);
    }

    /// Whether a test planted this bug.
    pub fn has_bug(&self, bug: Bug) -> bool {
        self.planted.has(bug)
    }

    /// The trace of what is done here, for whoever goes on with it later: see [`propagation`].
    pub fn trace(&self) -> serde_json::Value {
        let context = self.trace.clone().unwrap_or_else(|| tracing::Span::current().context());
        propagation::inject(&context)
    }

    /// Leaves an audit row: the caller (or the event's consumer) read or changed `subject`.
    pub fn audit(&mut self, subject: impl Into<Subject>) {
        let outcome = if self.changes { Outcome::Changed } else { Outcome::Served };
        self.writes.audit(subject.into(), outcome, "");
    }

    /// Leaves an audit row of a refusal that is committed with the rest of the unit.
    pub fn audit_refused(&mut self, subject: impl Into<Subject>, reason: &'static str) {
        self.writes.audit(subject.into(), Outcome::Refused, reason);
    }

    /// Says that the unit changes what it audits from here on.
    pub fn changes(&mut self) {
        self.changes = true;
    }

    /// Says that this call is about a referral, once its number is known: marks the call's span and
    /// this one, and what is emitted.
    pub fn about(&mut self, number: &str) {
        if let Some(call) = &self.call {
            subject::mark(&call.span, number);
        }
        let context = self.trace.clone().unwrap_or_else(|| tracing::Span::current().context());
        if !subject::is_about(&context, number) {
            // The span of a message, or this one: a batch's is of many.
            subject::mark_span_of(&context, number);
            self.trace = Some(subject::about(&context, number));
        }
    }

    /// Emits events under a message's trace instead of the current span, from here on.
    pub(crate) fn follow_trace(&mut self, context: Option<Context>) {
        self.trace = context;
    }

    /// Wakes the relay after the commit, for events that were not emitted here.
    pub(crate) fn wake_relay(&mut self) {
        self.wakes = true;
    }

    /// Sets a timer with the rest.
    pub(crate) fn set_timer(&mut self, timer: &Timer, trace: Value) {
        self.writes.timer(timer, trace);
    }

    /// Sets it no more.
    pub(crate) fn unset_timer(&mut self, kind: &str, subject: Uuid) {
        self.writes.no_timer(kind, subject);
    }

    /// Keeps the idempotency key with the rest.
    pub(crate) fn keep(&mut self, key: Key) {
        self.writes.key(key);
    }

    /// Writes what was collected and commits. Says whether events were committed.
    pub(crate) async fn commit(mut self) -> Result<bool> {
        self.settle().await?;
        let events = self.wakes || self.writes.has_events();
        std::mem::take(&mut self.writes).flush(&mut self.transaction, self.call.as_ref(), self.now).await?;
        self.transaction.commit().await?;
        Ok(events)
    }

    /// Undoes everything.
    pub(crate) async fn roll_back(self) {
        // A connection that fails here is closed by the pool, and the server undoes its transaction.
        let _ = self.transaction.rollback().await;
    }
}

impl Database {
    /// Runs a use case for a call, in a task that cannot be cancelled.
    ///
    /// # Errors
    /// Those of the use case, and UNAVAILABLE when the database cannot be had.
    pub async fn execute<U: UseCase>(&self, call: Call, use_case: U) -> Result<U::Outcome> {
        let database = self.clone();
        let span = span(&use_case);
        self.detached(span, async move {
            let result = database.attempt(Some(&call), &use_case).await;
            database.answer(&call, &use_case, result).await
        })
        .await
    }

    /// As [`Database::execute`], once per `request_id`: the same request again answers the same.
    ///
    /// # Errors
    /// Those of the use case; INVALID_ARGUMENT when the `request_id` was used for another request.
    pub async fn execute_once<U>(&self, call: Call, key: Key, use_case: U) -> Result<U::Outcome>
    where
        U: UseCase,
        U::Outcome: Recall,
    {
        let database = self.clone();
        let span = span(&use_case);
        let once = Arc::new(idempotency::Once::new(key, use_case));
        self.detached(span, async move {
            let result = match database.attempt(Some(&call), once.as_ref()).await {
                // The same request may have been answered before: then its outcome is the answer, not this refusal.
                Err(error) if !error.is_outage() => {
                    let earlier = idempotency::Earlier(once.clone());
                    database.attempt(Some(&call), &earlier).await.and_then(|found| found.ok_or(error))
                }
                result => result,
            };
            database.answer(&call, once.as_ref(), result).await
        })
        .await
    }

    /// Runs a use case that nobody called for, with a worker's sight, in a task that cannot be cancelled.
    ///
    /// # Errors
    /// Those of the use case, and UNAVAILABLE when the database cannot be had.
    pub async fn work<U: UseCase>(&self, use_case: U) -> Result<U::Outcome> {
        let database = self.clone();
        let span = span(&use_case);
        self.detached(span, async move { database.attempt(None, &use_case).await }).await
    }

    /// Looks whether there is anything to do, again and again: with a worker's sight, without spans and without effect.
    ///
    /// # Errors
    /// UNAVAILABLE when the database cannot be had.
    pub async fn look<T: Send + 'static>(&self, look: impl Look<T>) -> Result<T> {
        let quiet = self.quiet().clone();
        let work = async move {
            let mut transaction = quiet.begin().await?;
            let sight = sqlx::query!("SELECT set_config('app.system', 'on', true) AS system");
            sight.fetch_one(&mut *transaction).await?;
            let found = look(&mut transaction).await;
            transaction.rollback().await?;
            found
        };
        self.detached(tracing::Span::none(), work).await
    }

    /// Opens a unit that applies events; the caller of this commits it.
    pub(crate) async fn open(&self) -> Result<Unit<'_>> {
        let mut unit = self.unit(None, Visibility::System).await?;
        unit.changes();
        Ok(unit)
    }

    /// Leaves the audit row of a refusal whose unit was undone, or that came before any.
    ///
    /// # Errors
    /// UNAVAILABLE when it cannot be written: then the refusal does not go out either.
    pub(crate) async fn refuse(&self, call: &Call, subject: Subject, reason: &'static str) -> Result<()> {
        let mut unit = self.unit(Some(call), Visibility::of(Some(call))).await?;
        unit.audit_refused(subject, reason);
        unit.commit().await.map(|_| ())
    }

    /// Runs `work` in a task that outlives whoever waits for it; a drain waits for it.
    pub(crate) async fn detached<T: Send + 'static>(
        &self,
        span: tracing::Span,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if self.planted.has(Bug::CancellableUnit) {
            return work.instrument(span).await;
        }
        let task = self.units.spawn(work.instrument(span));
        task.await.unwrap_or_else(|panic| Err(Error::internal(panic)))
    }

    /// Commits a unit and wakes the relay when events were in it.
    pub(crate) async fn finish(&self, mut unit: Unit<'_>) -> Result<()> {
        if self.planted.has(Bug::AuditOutside) {
            self.audit_outside(&mut unit);
        }
        if unit.commit().await? {
            self.committed.notify_one();
        }
        Ok(())
    }

    async fn unit(&self, call: Option<&Call>, visibility: Visibility) -> Result<Unit<'_>> {
        let mut transaction = self.pool.begin().await?;
        visibility.set(&mut transaction, self.planted).await?;
        let writes = WriteSet::default();
        Ok(Unit {
            transaction,
            call: call.cloned(),
            now: self.clock.now(),
            trace: None,
            writes,
            later: Later::default(),
            wakes: false,
            changes: false,
            planted: self.planted,
        })
    }

    /// The answer, once its refusal stands in the audit.
    async fn answer<U: UseCase>(&self, call: &Call, use_case: &U, result: Result<U::Outcome>) -> Result<U::Outcome> {
        if let Err(error) = &result
            && audit::is_refusal(error)
        {
            self.refuse(call, use_case.asks(), error.reason).await?;
        }
        result
    }

    /// The planted bug of that name: nobody waits for the row, and nobody hears that it failed.
    fn audit_outside(&self, unit: &mut Unit<'_>) {
        let (database, call, now) = (self.clone(), unit.call.clone(), unit.now);
        let audit = unit.writes.take_audit();
        self.units.spawn(async move {
            let mut transaction = database.pool.begin().await?;
            audit.flush(&mut transaction, call.as_ref(), now).await?;
            transaction.commit().await.map_err(Error::from)
        });
    }

    async fn attempt<U: UseCase>(&self, call: Option<&Call>, use_case: &U) -> Result<U::Outcome> {
        let mut attempt = 1;
        loop {
            match self.try_once(call, use_case).await {
                Err(error) if error.is_contention() && attempt < ATTEMPTS => {
                    tokio::time::sleep(random::jitter(Duration::from_millis(u64::from(30 * attempt)))).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_once<U: UseCase>(&self, call: Option<&Call>, use_case: &U) -> Result<U::Outcome> {
        let visibility = if U::SYSTEM { Visibility::System } else { Visibility::of(call) };
        let mut unit = self.unit(call, visibility).await?;
        if call.is_none() {
            unit.changes();
        }
        match use_case.run(&mut unit).await {
            Ok(outcome) => self.finish(unit).await.map(|()| outcome),
            Err(error) => {
                unit.roll_back().await;
                Err(error)
            }
        }
    }
}
