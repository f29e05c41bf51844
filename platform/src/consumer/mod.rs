//! The consumer: takes what other services published and has its effect once.
//!
//! Messages are applied in batches, one transaction each (`batch.rs`); a batch that fails is redone one by one. Each
//! aggregate's versions are applied in order: older ones are dropped, later ones wait for the gap. A message that fails
//! becomes a row of `retry` and is acknowledged; later ones of its aggregate wait behind it and all others pass. After
//! its last attempt it is parked, visible with its error (`again.rs`). A lost connection is no attempt.

mod again;
mod batch;
mod store;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::StreamExt;
use lapin::{
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::sync::Notify;

use crate::{
    broker::{Broker, envelope::Envelope, within_step},
    database::{Database, Unit},
    error::{Kind, Result},
    events::Event,
    random,
    settings::ConsumerSettings,
};

pub use store::Backlog;

/// How often a batch is run again after contention.
const CONTENDED: usize = 3;
/// Before taking up again what broke off.
const REST: Duration = Duration::from_millis(200);

/// What a service does with an event: `consumers.rs` of each service, one arm per event.
pub trait Handler: Send + Sync + 'static {
    /// Applies the effect inside `unit`. Types the service does not want have none: their version is passed over.
    ///
    /// # Errors
    /// The message is tried again later, and parked after the last attempt.
    fn consume(unit: &mut Unit<'_>, event: &Event, envelope: &Envelope) -> impl Future<Output = Result<()>> + Send;
}

/// How busy the consumer is, for the backlog.
#[derive(Debug)]
pub struct Activity {
    in_flight: AtomicUsize,
    last: AtomicU64,
    started: Instant,
}

impl Activity {
    fn new() -> Self {
        Self { in_flight: AtomicUsize::new(0), last: AtomicU64::new(0), started: Instant::now() }
    }

    fn begin(&self, messages: usize) {
        self.in_flight.fetch_add(messages, Ordering::SeqCst);
    }

    fn end(&self, messages: usize) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::SeqCst);
        self.in_flight.fetch_sub(messages, Ordering::SeqCst);
    }

    /// Whether no message is being applied, nor was within `time`.
    pub fn quiet_for(&self, time: Duration) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::SeqCst));
        self.in_flight.load(Ordering::SeqCst) == 0 && self.started.elapsed().saturating_sub(last) >= time
    }
}

/// A service's consumer. Cheap to clone.
#[derive(Clone)]
pub struct Consumer {
    /// The service's name: its queue, and its rows in the platform's tables.
    pub(crate) name: &'static str,
    pub(crate) database: Database,
    pub(crate) broker: Broker,
    pub(crate) settings: ConsumerSettings,
    pub(crate) activity: Arc<Activity>,
    /// Woken when held messages may be ripe.
    pub(crate) ripe: Arc<Notify>,
}

impl Consumer {
    /// The consumer of `name`'s queue.
    pub fn new(name: &'static str, database: Database, broker: Broker, settings: ConsumerSettings) -> Self {
        Self { name, database, broker, settings, activity: Arc::new(Activity::new()), ripe: Arc::default() }
    }

    /// Takes messages from the queue, again after each break; ends with its task.
    pub async fn run<H: Handler>(self) {
        loop {
            if let Err(error) = self.take::<H>().await {
                tracing::warn!(error = format!("{error:#}"), "the consumer begins again");
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Applies what is held back, when it is due; ends with its task.
    pub async fn run_held<H: Handler>(self) {
        again::run::<H>(self).await;
    }

    async fn take<H: Handler>(&self) -> anyhow::Result<()> {
        let channel = self.broker.channel().await?;
        within_step(channel.basic_qos(self.settings.prefetch, BasicQosOptions::default())).await?;
        let queue = self.broker.topology().queue(self.name);
        let options = BasicConsumeOptions::default();
        let deliveries =
            within_step(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default())).await?;
        let mut batches = deliveries.ready_chunks(self.settings.batch);
        while let Some(batch) = batches.next().await {
            let batch: Vec<Delivery> = batch.into_iter().collect::<Result<_, _>>()?;
            self.activity.begin(batch.len());
            let done = self.apply_and_acknowledge::<H>(&batch).await;
            self.activity.end(batch.len());
            done?;
        }
        anyhow::bail!("the broker ended the consumer")
    }

    /// Commits, then acknowledges all at once: this channel's deliveries are applied in order.
    async fn apply_and_acknowledge<H: Handler>(&self, deliveries: &[Delivery]) -> anyhow::Result<()> {
        let mut envelopes = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match Envelope::read(delivery) {
                Ok(envelope) => envelopes.push(envelope),
                Err(fault) => self.until_available(|| self.park_unreadable(delivery, &fault)).await?,
            }
        }
        self.until_available(|| self.apply::<H>(&envelopes)).await?;
        if let Some(last) = deliveries.last() {
            let acknowledged = within_step(last.acker.ack(BasicAckOptions { multiple: true })).await?;
            anyhow::ensure!(acknowledged, "the channel is gone: the broker will send the batch again");
        }
        Ok(())
    }

    /// Tries as long as the database is away: that is no attempt of the message's.
    async fn until_available<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        loop {
            match work().await {
                Err(error) if error.kind == Kind::Unavailable => {
                    tracing::warn!(%error, "the database is away: messages wait");
                    tokio::time::sleep(REST * 5).await;
                }
                result => return result,
            }
        }
    }

    async fn apply<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        match self.apply_patiently::<H>(envelopes).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind == Kind::Unavailable => Err(error),
            Err(error) if envelopes.len() == 1 => self.hold_failed(&envelopes[0], &error).await,
            Err(_) => {
                for envelope in envelopes {
                    if let Err(error) = self.apply_patiently::<H>(std::slice::from_ref(envelope)).await {
                        self.hold_failed(envelope, &error).await?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Others may hold the same rows: that is no attempt of the message's either.
    async fn apply_patiently<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        for _ in 0..CONTENDED {
            match self.apply_batch::<H>(envelopes).await {
                Err(error) if error.is_contention() => tokio::time::sleep(random::jitter(REST)).await,
                result => return result,
            }
        }
        self.apply_batch::<H>(envelopes).await
    }
}
