//! The consumer: takes what other services published and has its effect once.
//!
//! Messages are applied in batches, one transaction each (`batch.rs`); a batch that fails is redone one by one. Each
//! aggregate's versions are applied in order: older ones are dropped, later ones wait for the gap. A message that fails
//! becomes a row of `retry` and is acknowledged; later ones of its aggregate wait behind it and all others pass. After
//! its last attempt it is parked, visible with its error (`failed.rs`), until a person replays or discards it (`parked`).
//! Held messages are tried again when they are due (`again.rs`). A lost connection is no attempt (`patience.rs`). What killed
//! its consumer too often comes back through the dead letters (`dead.rs`); what was lost altogether is healed by a snapshot
//! (`rebuild.rs`).

pub mod activity;
mod again;
mod batch;
mod dead;
pub mod erasure;
mod failed;
mod inbox;
pub(crate) mod parked;
mod patience;
pub mod rebuild;
mod store;
mod versions;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::StreamExt;
use lapin::{
    Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, QueueDeclareOptions},
    types::FieldTable,
};
use tokio::{sync::Notify, time::timeout};

pub use activity::Activity;

use crate::{
    broker::{
        Broker,
        envelope::{Envelope, MAX_BODY},
        within_step,
    },
    database::{Database, Unit},
    error::Result,
    events::Event,
    ids::PatientId,
    planted::{Bug, Fault, Planted},
    settings::ConsumerSettings,
    telemetry::metrics,
};

/// A message that was begun so often without an end, alone, has killed whoever tried it.
const DEATHS: i32 = 3;
/// After so long without a message, it is looked whether any can come.
const IDLE: Duration = Duration::from_secs(3);
/// Before taking up again what broke off.
const REST: Duration = Duration::from_millis(200);

/// What a service does with an event: `consumers.rs` of each service, one arm per event.
pub trait Handler: Send + Sync + 'static {
    /// Applies the effect inside `unit`. Types the service does not want have none: their version is passed over.
    ///
    /// # Errors
    /// The message is tried again later, and parked after the last attempt.
    fn consume(unit: &mut Unit<'_>, event: &Event, envelope: &Envelope) -> impl Future<Output = Result<()>> + Send;

    /// Brings what this service made of an aggregate to the aggregate's present state, see [`Restored`]. Run again, it
    /// changes nothing.
    ///
    /// # Errors
    /// The rebuild stops and says so.
    fn restore(unit: &mut Unit<'_>, restored: &Restored) -> impl Future<Output = Result<()>> + Send {
        let _ = (unit, restored);
        async { Ok(()) }
    }

    /// Forgets a patient whose record was erased, and destroys what is held of that person, see [`erasure::forget`]. Run again,
    /// it changes nothing.
    ///
    /// # Errors
    /// The message is tried again later, and parked after the last attempt.
    fn forget(unit: &mut Unit<'_>, patient: PatientId) -> impl Future<Output = Result<()>> + Send {
        let _ = (unit, patient);
        async { Ok(()) }
    }
}

/// An aggregate as its owner has it: a snapshot for whoever lost events of it.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The fewest events that lead from nothing to its present state, in order; never empty.
    pub events: Vec<Event>,
    /// Its present version.
    pub version: i64,
    /// How far this consumer had come with it; 0: it never heard of it.
    pub consumed: i64,
}

/// A service's consumer. Cheap to clone.
#[derive(Clone)]
pub struct Consumer {
    /// The service's name: its queues, and its rows in the platform's tables.
    pub(crate) name: &'static str,
    pub(crate) database: Database,
    pub(crate) broker: Broker,
    pub(crate) settings: ConsumerSettings,
    pub(crate) activity: Arc<Activity>,
    /// Woken when held messages may be ripe.
    pub(crate) ripe: Arc<Notify>,
    planted: Planted,
}

impl Consumer {
    /// The consumer of `name`'s queues.
    pub fn new(
        name: &'static str,
        database: Database,
        broker: Broker,
        settings: ConsumerSettings,
        planted: Planted,
    ) -> Self {
        let (activity, ripe) = (Arc::new(Activity::new()), Arc::default());
        Self { name, database, broker, settings, activity, ripe, planted }
    }

    /// Takes messages from the service's queue, again after each break; ends with its task.
    pub async fn run<H: Handler>(self) {
        let queue = self.broker.topology().queue(self.name);
        self.keep_taking::<H>(queue).await;
    }

    /// Takes what must not wait from a queue of its own, if the service hears of such; ends with its task.
    pub async fn run_critical<H: Handler>(self) {
        if let Some(queue) = self.broker.topology().critical_queue(self.name) {
            self.keep_taking::<H>(queue).await;
        }
    }

    /// Takes dead letters; ends with its task.
    pub async fn run_dead<H: Handler>(self) {
        dead::run::<H>(self).await;
    }

    /// Applies what is held back, when it is due; ends with its task.
    pub async fn run_held<H: Handler>(self) {
        again::run::<H>(self).await;
    }

    async fn keep_taking<H: Handler>(&self, queue: String) {
        loop {
            if let Err(error) = self.take::<H>(&queue).await {
                tracing::warn!(queue, error = format!("{error:#}"), "the consumer begins again");
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn take<H: Handler>(&self, queue: &str) -> anyhow::Result<()> {
        let channel = self.subscribe(self.settings.prefetch).await?;
        let mut batches = deliveries(&channel, queue).await?.ready_chunks(self.settings.batch);
        loop {
            let batch = match timeout(IDLE, batches.next()).await {
                Ok(Some(batch)) => batch.into_iter().collect::<Result<Vec<Delivery>, _>>()?,
                Ok(None) => return Err(ended(&channel, queue)),
                Err(_) => {
                    let Err(error) = self.ensure_attached(queue).await else { continue };
                    // Else what this channel is still sent would wait on it for ever.
                    let _ = within_step(channel.close(200, "taking up again".into())).await;
                    return Err(error);
                }
            };
            let began = Instant::now();
            self.activity.begin(batch.len());
            let done = self.apply_and_acknowledge::<H>(&batch).await;
            self.activity.end(batch.len());
            metrics::consumed(self.name, batch.len(), began.elapsed());
            done?;
            self.break_channel(&channel).await?;
        }
    }

    /// That nothing comes may mean that there is no queue: whoever takes up again while it is being deleted consumes from nothing,
    /// and the broker never says so.
    async fn ensure_attached(&self, queue: &str) -> anyhow::Result<()> {
        let channel = self.broker.channel().await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let found = within_step(channel.queue_declare(queue.into(), passive, FieldTable::default())).await?;
        let _ = channel.close(200, "asked".into()).await;
        anyhow::ensure!(found.consumer_count() > 0, "nobody consumes from the queue, though it was taken up");
        Ok(())
    }

    /// A channel to consume on. What ended the one before may be a queue that was deleted: it is declared again.
    async fn subscribe(&self, prefetch: u16) -> anyhow::Result<Channel> {
        let channel = self.broker.channel().await?;
        within_step(self.broker.topology().declare_own(&channel, self.name)).await?;
        within_step(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        Ok(channel)
    }

    /// Commits, then acknowledges all at once: this channel's deliveries are applied in order.
    async fn apply_and_acknowledge<H: Handler>(&self, deliveries: &[Delivery]) -> anyhow::Result<()> {
        if self.planted.has(Bug::AckBeforeCommit) {
            acknowledge(deliveries).await?;
        }
        let mut envelopes = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match Envelope::read(delivery) {
                Ok(envelope) if delivery.data.len() > MAX_BODY => {
                    // Alone, so that it is not copied with each try of its batch.
                    self.hold_failed(&envelope, &batch::too_large()).await?;
                }
                Ok(envelope) => envelopes.push(envelope),
                Err(fault) => self.park_unreadable(delivery.routing_key.as_str(), &delivery.data, &fault).await?,
            }
        }
        if self.planted.has(Bug::EndlessRedelivery) && self.apply_patiently::<H>(&envelopes).await.is_err() {
            return requeue(deliveries).await;
        }
        self.apply::<H>(&envelopes).await?;
        if self.planted.has(Bug::AckBeforeCommit) {
            return Ok(());
        }
        acknowledge(deliveries).await
    }

    /// Applies what can be applied; what fails becomes a row.
    async fn apply<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        let Err(error) = self.apply_patiently::<H>(envelopes).await else {
            return Ok(());
        };
        if let [one] = envelopes {
            return self.hold_failed(one, &error).await;
        }
        for envelope in envelopes {
            if let Err(error) = self.apply_patiently::<H>(std::slice::from_ref(envelope)).await {
                self.hold_failed(envelope, &error).await?;
            }
        }
        Ok(())
    }

    /// The planted fault `close-channel`: the broker closes a channel that acknowledges what it never delivered.
    async fn break_channel(&self, channel: &Channel) -> anyhow::Result<()> {
        static BROKEN: AtomicBool = AtomicBool::new(false);
        if self.planted.befalls(Fault::CloseChannel) && !BROKEN.swap(true, Ordering::SeqCst) {
            within_step(channel.basic_ack(u64::MAX, BasicAckOptions::default())).await?;
        }
        Ok(())
    }
}

async fn deliveries(channel: &Channel, queue: &str) -> anyhow::Result<lapin::Consumer> {
    let options = BasicConsumeOptions::default();
    within_step(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default())).await
}

async fn acknowledge(deliveries: &[Delivery]) -> anyhow::Result<()> {
    if let Some(last) = deliveries.last() {
        let acknowledged = within_step(last.acker.ack(BasicAckOptions { multiple: true })).await?;
        anyhow::ensure!(acknowledged, "the channel is gone: the broker will send the batch again");
    }
    Ok(())
}

/// The planted bug `endless-redelivery`.
async fn requeue(deliveries: &[Delivery]) -> anyhow::Result<()> {
    if let Some(last) = deliveries.last() {
        within_step(last.acker.nack(BasicNackOptions { multiple: true, requeue: true })).await?;
    }
    Ok(())
}

/// Why no more messages come.
fn ended(channel: &Channel, queue: &str) -> anyhow::Error {
    if channel.status().connected() {
        // Only the broker cancels a consumer of ours. What was in the queue is gone; the relays have it still.
        tracing::error!(
            queue,
            "the queue was deleted: publish again what it held, with RepublishEvents of its sources"
        );
        return anyhow::anyhow!("the broker cancelled the consumer");
    }
    anyhow::anyhow!("the broker ended the channel")
}
