//! The relay: one leader per service publishes what was committed.
//!
//! Leadership is an advisory lock on a connection outside the pool that also takes the batches, so that losing the one loses
//! the other; time-outs on that connection free it from a leader that froze. A batch is taken and published inside one
//! transaction, which commits when every message was confirmed. A commit wakes the relay; polling is the fall-back.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use futures::future::try_join_all;
use lapin::{
    Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use opentelemetry::trace::{SpanKind, Status};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::Notify, time::timeout};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::store;
use crate::{
    broker::{Broker, envelope::Envelope, within_step},
    settings::{BrokerSettings, RELAY_SESSION_MS, millis},
    telemetry::propagation,
};

/// Within this time the database is there, or asked again.
const STEP: Duration = Duration::from_secs(10);
/// How long to stand by before asking for the lead again, and to rest after a failure.
const REST: Duration = Duration::from_millis(500);

/// What the relay works with.
pub struct Relay {
    /// Of the runtime role; the connection is the relay's own.
    pub database: PgConnectOptions,
    /// Where to publish.
    pub broker: Broker,
    /// Woken when events were committed.
    pub committed: Arc<Notify>,
    /// Batch, time-out and polling.
    pub settings: BrokerSettings,
}

impl Relay {
    /// Leads or stands by, again and again; ends with its task.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.lead().await {
                tracing::warn!(error = format!("{error:#}"), "the relay begins again");
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Publishes what there is as long as connection and channel hold.
    async fn lead(&self) -> anyhow::Result<()> {
        // After this silence the server ends the session, and with it the lead of a relay that froze.
        let silence = RELAY_SESSION_MS.to_string();
        let options = self.database.clone().options([
            ("idle_session_timeout", silence.as_str()),
            ("idle_in_transaction_session_timeout", &silence),
            // A generic plan made while the outbox was empty would scan the whole backlog for each batch.
            ("plan_cache_mode", "force_custom_plan"),
        ]);
        let mut connection = timeout(STEP, PgConnection::connect_with(&options)).await??;
        while !store::try_lead(&mut connection).await? {
            tokio::time::sleep(REST).await;
        }
        tracing::info!("this instance leads the relay");
        let channel = self.confirming_channel(&mut connection).await?;
        loop {
            match timeout(millis(RELAY_SESSION_MS), self.publish_batch(&mut connection, &channel)).await? {
                // Fewer than a batch: wait to be woken. The poll also keeps the session alive.
                Ok(published) if published < usize::from(self.settings.publish_batch) => {
                    let _ = timeout(millis(self.settings.poll_ms), self.committed.notified()).await;
                }
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A channel with confirms. While the broker is away the session is kept alive, and with it the lead.
    async fn confirming_channel(&self, connection: &mut PgConnection) -> anyhow::Result<Channel> {
        let opening = async {
            let channel = self.broker.channel().await?;
            // What made the last channel fail may be a queue that was deleted.
            within_step(self.broker.topology().declare(&channel)).await?;
            within_step(channel.confirm_select(ConfirmSelectOptions::default())).await?;
            anyhow::Ok(channel)
        };
        tokio::pin!(opening);
        loop {
            tokio::select! {
                channel = &mut opening => return channel,
                () = tokio::time::sleep(Duration::from_secs(5)) => connection.ping().await?,
            }
        }
    }

    async fn publish_batch(&self, connection: &mut PgConnection, channel: &Channel) -> anyhow::Result<usize> {
        let mut transaction = connection.begin().await?;
        let batch = store::take(&mut transaction, self.settings.publish_batch.into()).await?;
        if !batch.is_empty() {
            let within = millis(self.settings.publish_timeout_ms);
            if let Ok(published) = timeout(within, self.publish(channel, &batch)).await {
                published?;
            } else {
                // A connection that does not confirm is not worth keeping.
                self.broker.suspect();
                bail!("the broker does not confirm in time");
            }
        }
        transaction.commit().await?;
        Ok(batch.len())
    }

    /// Publishes all, then waits for all confirms.
    async fn publish(&self, channel: &Channel, batch: &[Envelope]) -> anyhow::Result<()> {
        let exchange = self.broker.topology().exchange();
        let mut confirms = Vec::with_capacity(batch.len());
        for envelope in batch {
            let span = send_span(&exchange, envelope);
            let properties = envelope.properties(&propagation::inject(&span.context()));
            let publish = channel.basic_publish(
                exchange.as_str().into(),
                envelope.type_name.as_str().into(),
                BasicPublishOptions { mandatory: true, ..Default::default() },
                &envelope.payload,
                properties,
            );
            let confirm = publish.instrument(span.clone()).await?;
            confirms.push(async move { proven(confirm.await, &span) });
        }
        try_join_all(confirms).await.map(|_| ())
    }
}

/// Only an acknowledgement without a returned message proves that a queue has it. A return may come with the confirm
/// of another message: one in a batch has the whole batch published again.
fn proven(confirmation: lapin::Result<Confirmation>, span: &tracing::Span) -> anyhow::Result<()> {
    match confirmation {
        Ok(Confirmation::Ack(None)) => Ok(()),
        other => {
            span.set_status(Status::error("not confirmed"));
            bail!("a message was not confirmed as routed: {}", outcome(&other))
        }
    }
}

fn outcome(confirmation: &lapin::Result<Confirmation>) -> String {
    match confirmation {
        Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
            format!("returned, {}", returned.reply_text)
        }
        Ok(Confirmation::Ack(None)) => "acknowledged".into(),
        Ok(Confirmation::Nack(None)) => "refused".into(),
        Ok(Confirmation::NotRequested) => "no confirms on this channel".into(),
        Err(error) => error.to_string(),
    }
}

/// A PRODUCER span under the trace of the change, by OpenTelemetry's names for messaging.
fn send_span(exchange: &str, envelope: &Envelope) -> tracing::Span {
    let span = tracing::info_span!(
        "send",
        otel.name = format!("send {exchange}"),
        otel.kind = ?SpanKind::Producer,
        messaging.system = "rabbitmq",
        messaging.operation.type = "send",
        messaging.operation.name = "publish",
        messaging.destination.name = format!("{exchange}:{}", envelope.type_name),
        messaging.rabbitmq.destination.routing_key = envelope.type_name,
        messaging.message.id = %envelope.id,
    );
    // A parent is refused only for a span that has begun; this one has not.
    let _ = span.set_parent(propagation::extract(&envelope.trace));
    span
}
