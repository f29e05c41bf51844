//! The relay: one leader per service publishes what was committed.
//!
//! Leadership is an advisory lock on a connection outside the pool that also takes the batches, so that losing the one loses
//! the other; time-outs on that connection free it from a leader that froze. A batch is taken and published inside one
//! transaction, which commits what was proven to be routed (`publish.rs`). A commit wakes the relay; polling is the fall-back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use lapin::{Channel, options::ConfirmSelectOptions};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::Notify, time::timeout};

use super::{publish::publish, store};
use crate::{
    broker::{Broker, within_step},
    planted::{Bug, Planted},
    settings::{BrokerSettings, millis},
    telemetry::metrics,
};

/// Within this time the database is there, or asked again.
const STEP: Duration = Duration::from_secs(10);
/// How long to stand by before asking for the lead again, and to rest after a failure.
const REST: Duration = Duration::from_millis(500);

/// Whether this process leads its service's relay: for the backlog and the metrics.
#[derive(Debug, Default)]
pub struct Lead(AtomicBool);

impl Lead {
    /// Whether it does now.
    pub fn is_ours(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, ours: bool) {
        self.0.store(ours, Ordering::Relaxed);
    }
}

/// What the relay works with.
pub struct Relay {
    /// Of the runtime role; the connection is the relay's own.
    pub database: PgConnectOptions,
    /// Where to publish.
    pub broker: Broker,
    /// Woken when events were committed.
    pub committed: Arc<Notify>,
    /// Batch, time-outs and polling.
    pub settings: BrokerSettings,
    /// Told whether this relay leads.
    pub lead: Arc<Lead>,
    /// For tests.
    pub planted: Planted,
}

impl Relay {
    /// Leads or stands by, again and again; ends with its task.
    pub async fn run(self) {
        loop {
            let ended = self.lead().await;
            self.lead.set(false);
            if let Err(error) = ended {
                tracing::warn!(error = format!("{error:#}"), "the relay begins again");
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Publishes what there is as long as connection and channel hold.
    async fn lead(&self) -> anyhow::Result<()> {
        // After this silence the server ends the session, and with it the lead of a relay that froze.
        let silence = self.settings.leader_silence_ms.to_string();
        let options = self.database.clone().options([
            ("idle_session_timeout", silence.as_str()),
            ("idle_in_transaction_session_timeout", &silence),
            // A generic plan made while the outbox was empty would scan the whole backlog for each batch.
            ("plan_cache_mode", "force_custom_plan"),
        ]);
        let mut connection = timeout(STEP, PgConnection::connect_with(&options)).await??;
        while !store::try_lead(&mut connection).await? {
            tokio::time::sleep(REST.min(millis(self.settings.leader_silence_ms) / 3)).await;
        }
        self.lead.set(true);
        tracing::info!("this instance leads the relay");
        let channel = self.confirming_channel(&mut connection).await?;
        let within = millis(self.settings.leader_silence_ms);
        let last = AtomicI64::new(0);
        loop {
            let batch = timeout(within, self.publish_batch(&mut connection, &channel, &last)).await??;
            if batch.unproven > 0 {
                tracing::warn!(messages = batch.unproven, "not confirmed as routed: they stay in the outbox");
                // A queue may have been deleted.
                within_step(self.broker.topology().declare(&channel)).await?;
            }
            if batch.proven < usize::from(self.settings.publish_batch) {
                // Fewer than a batch: wait to be woken. The poll also keeps the session alive.
                let _ = timeout(millis(self.settings.poll_ms), self.committed.notified()).await;
            }
        }
    }

    /// A channel with confirms. While the broker is away the session is kept alive, and with it the lead.
    async fn confirming_channel(&self, connection: &mut PgConnection) -> anyhow::Result<Channel> {
        let opening = async {
            let channel = self.broker.channel().await?;
            // What made the last channel fail may be a queue that was deleted.
            within_step(self.broker.topology().declare(&channel)).await?;
            if !self.planted.has(Bug::NoConfirm) {
                within_step(channel.confirm_select(ConfirmSelectOptions::default())).await?;
            }
            anyhow::Ok(channel)
        };
        tokio::pin!(opening);
        loop {
            tokio::select! {
                channel = &mut opening => return channel,
                () = tokio::time::sleep(millis(self.settings.leader_silence_ms) / 3) => connection.ping().await?,
            }
        }
    }

    async fn publish_batch(
        &self,
        connection: &mut PgConnection,
        channel: &Channel,
        last: &AtomicI64,
    ) -> anyhow::Result<Batch> {
        let mut transaction = connection.begin().await?;
        let limit = self.settings.publish_batch.into();
        let batch = if self.planted.has(Bug::OutboxByPosition) {
            store::take_after(&mut transaction, limit, last).await?
        } else {
            store::take(&mut transaction, limit).await?
        };
        let mut unproven = Vec::new();
        if !batch.is_empty() {
            let exchange = self.broker.topology().exchange();
            let publishing = publish(channel, &exchange, &batch, self.planted);
            if let Ok(published) = timeout(millis(self.settings.publish_timeout_ms), publishing).await {
                unproven = published?;
            } else {
                // A connection that does not confirm is not worth keeping.
                self.broker.suspect();
                bail!("the broker does not confirm in time");
            }
            store::put_back(&mut transaction, &unproven).await?;
        }
        transaction.commit().await?;
        let done = Batch { proven: batch.len() - unproven.len(), unproven: unproven.len() };
        metrics::sent(done.proven);
        Ok(done)
    }
}

/// What became of a batch.
struct Batch {
    proven: usize,
    unproven: usize,
}
