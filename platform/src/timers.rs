//! Timers: deadlines as rows, run once when they are due, by whichever instance is first.
//!
//! A use case sets a timer in its own unit ([`set`]) and clears it in another ([`clear`]); when it is due by the injected
//! clock, the service's [`crate::Service::due`] runs in one transaction with the removal of its row. So it has its effect
//! once, across all instances, and late after a stop, the most urgent first. A timer that fails is tried again with growing
//! delay and lets all others pass, also when what fails looks like an outage and the database answers; it is never given
//! up, for a deadline that nobody keeps must stay visible.

use chrono::{DateTime, Utc};
use opentelemetry::trace::TraceContextExt;
use serde_json::Value;
use sqlx_otel::QueryAnnotateExt;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use crate::{
    Context, Service,
    database::{Database, Unit},
    error::{Error, Result},
    settings::{TimerSettings, millis},
    telemetry::propagation,
};

/// How urgent a timer is: FHIR's request priority. Among those that are due, the most urgent runs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// At once.
    Stat = 0,
    /// As soon as possible.
    Asap = 1,
    /// Soon.
    Urgent = 2,
    /// In its turn.
    Routine = 3,
}

/// A deadline. There is one of a kind for a subject at a time.
#[derive(Debug, Clone)]
pub struct Timer {
    /// What is to be done, such as `expire_referral`: an arm of the service's `timers.rs`.
    pub kind: String,
    /// Of what.
    pub subject: Uuid,
    /// When, by the injected clock.
    pub due_at: DateTime<Utc>,
    /// How urgent it is.
    pub urgency: Urgency,
}

/// Sets a timer; one of its kind for its subject is moved. It is written with the unit's events, at its end.
pub fn set(unit: &mut Unit<'_>, timer: &Timer) {
    unit.set_timer(timer, propagation::inject(&tracing::Span::current().context()));
}

/// Clears a timer, if it is there.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn clear(unit: &mut Unit<'_>, kind: &str, subject: Uuid) -> Result<()> {
    unit.unset_timer(kind, subject);
    let query = sqlx::query!("DELETE FROM timer WHERE kind = $1 AND subject = $2", kind, subject);
    query.with_operation("DELETE", "timer").execute(unit.sql()).await?;
    Ok(())
}

/// Runs what is due, again and again; ends with its task.
pub(crate) async fn run<S: Service>(context: Context) {
    let poll = millis(context.settings.timers.poll_ms);
    loop {
        match run_due::<S>(&context).await {
            // There may be more than were looked at.
            Ok(done) if done > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "timers wait"),
        }
        tokio::time::sleep(poll).await;
    }
}

async fn run_due<S: Service>(context: &Context) -> Result<usize> {
    let mut done = 0;
    for id in context.database.due(context.clock.now()).await? {
        done += usize::from(ring::<S>(context, id).await?);
    }
    Ok(done)
}

/// Runs one timer, however long the database is away; false when another instance has it, or it failed.
async fn ring<S: Service>(context: &Context, id: Uuid) -> Result<bool> {
    let database = &context.database;
    match database.outlast(|| try_ring::<S>(context, id)).await {
        // This process has closed the database: it is no fault of the timer's.
        Err(error) if database.is_closed() => Err(error),
        Err(error) => failed(database, id, &context.settings.timers, &error).await,
        rung => rung,
    }
}

async fn try_ring<S: Service>(context: &Context, id: Uuid) -> Result<bool> {
    let (database, now) = (context.database.clone(), context.clock.now());
    let span = tracing::info_span!(parent: None, "timer");
    let work = async move {
        let mut unit = database.open().await?;
        let Some(timer) = take(&mut unit, id, now).await? else {
            unit.roll_back().await;
            return Ok(false);
        };
        match S::due(&mut unit, &timer).await {
            Ok(()) => database.finish(unit).await.map(|()| true),
            Err(error) => {
                unit.roll_back().await;
                Err(error)
            }
        }
    };
    context.database.detached(span, work).await
}

/// Takes a timer's row out and locks it; none when it is not due any more, or another instance has it.
async fn take(unit: &mut Unit<'_>, id: Uuid, now: DateTime<Utc>) -> Result<Option<Timer>> {
    let query = sqlx::query!(
        "DELETE FROM timer WHERE id = (
             SELECT id FROM timer WHERE id = $1 AND due_at <= $2 AND retry_at <= now() FOR UPDATE SKIP LOCKED)
         RETURNING kind, subject, due_at, urgency, trace",
        id,
        now,
    );
    let Some(row) = query.with_operation("DELETE", "timer").fetch_optional(unit.sql()).await? else {
        return Ok(None);
    };
    linked(&row.kind, &row.trace);
    let urgency = [Urgency::Stat, Urgency::Asap, Urgency::Urgent];
    let urgency = usize::try_from(row.urgency).ok().and_then(|index| urgency.get(index).copied());
    let timer = Timer {
        kind: row.kind,
        subject: row.subject,
        due_at: row.due_at,
        urgency: urgency.unwrap_or(Urgency::Routine),
    };
    Ok(Some(timer))
}

/// A deadline may come years later: its trace is one of its own, linked to the one that set it.
fn linked(kind: &str, trace: &Value) {
    let span = tracing::Span::current();
    span.set_attribute("relais.timer.kind", kind.to_string());
    span.add_link(propagation::extract(trace).span().span_context().clone());
}

/// Notes a failure; the delay doubles with each.
async fn failed(database: &Database, id: Uuid, settings: &TimerSettings, error: &Error) -> Result<bool> {
    tracing::warn!(timer.id = %id, %error, "a timer failed and is tried again");
    let noted = sqlx::query!(
        "UPDATE timer SET attempt = attempt + 1, error = $4,
             retry_at = now() + make_interval(secs => least($2 * 2 ^ least(attempt, 30), $3))
         WHERE id = $1",
        id,
        millis(settings.retry_first_ms).as_secs_f64(),
        millis(settings.retry_max_ms).as_secs_f64(),
        format!("{}: {}", error.reason, error.message),
    );
    noted.execute(database.quiet()).await?;
    Ok(false)
}

impl Database {
    /// Ids of timers that are due, the most urgent first, then the oldest. Each urgency is an index scan of its own, so that
    /// the cost is that of what is due, not of what is kept.
    async fn due(&self, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
        let query = sqlx::query_scalar!(
            r#"SELECT t.id AS "id!" FROM generate_series(0, 3) AS u(urgency) CROSS JOIN LATERAL (
                   SELECT id, due_at FROM timer
                   WHERE timer.urgency = u.urgency AND due_at <= $1 AND retry_at <= now() ORDER BY due_at LIMIT 100) AS t
               ORDER BY u.urgency, t.due_at LIMIT 100"#,
            now,
        );
        Ok(query.fetch_all(self.quiet()).await?)
    }
}
