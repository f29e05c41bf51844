//! The background: asks referral who receives what was handed in, and releases it. Referral is asked as the service itself,
//! outside of any transaction; while it is away, or names nobody, what there is waits, and nobody reads it.

use std::time::Duration;

use futures::future::join_all;
use relais_platform::{Context, Result, telemetry::propagation};
use serde_json::Value;
use tracing::Instrument;

use crate::{
    app::report::{HoldRelease, SettleRelease, TakeDue},
    recipients::ask,
    store::report::{Due, is_any_due},
};

/// How often the queue is looked at.
const POLL: Duration = Duration::from_millis(250);
/// After a failure of our own, such as the database being away.
const REST: Duration = Duration::from_secs(2);

/// Releases what waits, again and again; ends with its task.
pub async fn run(context: Context) {
    loop {
        match release_due(&context).await {
            // There may be more than were taken.
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(POLL).await,
            Err(error) => {
                tracing::warn!(%error, "releases wait");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Releases what is due; says whether there was any.
async fn release_due(context: &Context) -> Result<bool> {
    let now = context.clock.now();
    let any = context.database.look(move |connection| Box::pin(is_any_due(connection, now))).await?;
    if !any {
        return Ok(false);
    }
    let _busy = context.activity().busy();
    let taken = context.database.work(TakeDue).await?;
    let any = !taken.is_empty();
    let settled = join_all(taken.into_iter().map(|due| {
        let span = release_span(&due.trace);
        settle(context, due).instrument(span)
    }));
    settled.await.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(any)
}

/// Under the change for which recipients are asked for; a trace of its own when they are asked for again.
fn release_span(trace: &Value) -> tracing::Span {
    let span = tracing::info_span!(parent: None, "release");
    propagation::follow(&span, trace);
    span
}

async fn settle(context: &Context, due: Due) -> Result<()> {
    match ask(context, due.referral, None).await {
        Ok(entitled) => context.database.work(SettleRelease { due, entitled }).await,
        Err(error) => {
            tracing::warn!(report = %due.report, %error, "referral does not say who receives it");
            let error = format!("{}: {}", error.reason, error.message);
            context.database.work(HoldRelease { due, error }).await
        }
    }
}
