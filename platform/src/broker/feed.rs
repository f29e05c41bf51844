//! A feed wakes streams: every instance of a service hears of every event of one kind, through a queue of its own that
//! vanishes with it.
//!
//! A feed only says that something happened. What happened is read from the database from where each stream stands, so
//! a lost connection loses nothing: after it, [`Wake::All`] has every stream read again.

use std::time::Duration;

use futures::StreamExt;
use lapin::{
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use tokio::sync::broadcast;

use super::{Broker, envelope::Envelope, within_step};
use crate::events::Event;

/// What wakes a stream.
#[derive(Debug, Clone)]
pub enum Wake {
    /// This happened.
    Event(Box<Event>),
    /// Anything may have happened.
    All,
}

/// Events of one kind of aggregate, for the streams of this instance.
#[derive(Debug, Clone)]
pub struct Feed(broadcast::Sender<Wake>);

impl Feed {
    /// A feed that nobody fills yet, see [`Feed::keep_filling`].
    #[allow(clippy::new_without_default, reason = "making a feed is a decision, not a default")]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(1024))
    }

    /// From here on. Subscribe first, read then: nothing falls between.
    pub fn subscribe(&self) -> broadcast::Receiver<Wake> {
        self.0.subscribe()
    }

    /// Fills the feed from the broker; ends with its task.
    pub async fn keep_filling(self, broker: Broker, aggregate_kind: &'static str) {
        loop {
            if let Err(error) = self.fill(&broker, aggregate_kind).await {
                tracing::warn!(error = format!("{error:#}"), "a feed broke off and is taken up again");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn fill(&self, broker: &Broker, aggregate_kind: &str) -> anyhow::Result<()> {
        let channel = broker.channel().await?;
        let exclusive = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let queue =
            within_step(channel.queue_declare("".into(), exclusive, FieldTable::default())).await?.name().clone();
        let (exchange, key) = (broker.topology().exchange(), format!("{aggregate_kind}.#"));
        let options = QueueBindOptions::default();
        within_step(channel.queue_bind(queue.clone(), exchange.into(), key.into(), options, FieldTable::default()))
            .await?;
        let unacknowledged = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let mut deliveries =
            within_step(channel.basic_consume(queue, "".into(), unacknowledged, FieldTable::default())).await?;
        self.wake(Wake::All);
        while let Some(delivery) = deliveries.next().await {
            let envelope = Envelope::read(&delivery?);
            let event = envelope.ok().and_then(|e| Event::decode(&e.type_name, &e.payload).ok());
            self.wake(event.map_or(Wake::All, |event| Wake::Event(Box::new(event))));
        }
        anyhow::bail!("the broker ended the feed")
    }

    fn wake(&self, wake: Wake) {
        // Nobody may be listening.
        let _ = self.0.send(wake);
    }
}
