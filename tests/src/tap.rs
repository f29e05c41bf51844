//! A tap on the exchange: sees what is published, and publishes what a test wants to see taken in.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer,
    options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use relais_platform::{
    broker::{
        envelope::Envelope,
        topology::{HEARS, Topology},
    },
    clock::machine_now,
    events::Event,
};
use tokio::time::timeout;
use uuid::Uuid;

/// A message as the platform would make it of an event, without a trace.
pub fn message(aggregate: Uuid, version: i64, event: impl Into<Event>) -> Envelope {
    let event = event.into();
    Envelope {
        id: Uuid::now_v7(),
        type_name: event.type_name().into(),
        aggregate_id: aggregate,
        version,
        time: machine_now(),
        payload: event.encode(),
        trace: serde_json::json!({}),
    }
}

/// A tap with a queue of its own.
pub struct Tap {
    connection: Connection,
    channel: Channel,
    topology: Topology,
    exchange: String,
    queue: ShortString,
    deliveries: Consumer,
}

impl Tap {
    /// On the exchange of `prefix`, for all types; declares the topology when it is not there yet.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn new(amqp_url: &str, prefix: &str) -> Result<Self> {
        let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let topology = Topology::new(prefix);
        topology.declare(&channel).await?;
        let exclusive = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let queue = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?.name().clone();
        let exchange = topology.exchange();
        let unacknowledged = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let deliveries = channel.basic_consume(queue.clone(), "".into(), unacknowledged, FieldTable::default()).await?;
        let tap = Self { connection, channel, topology, exchange, queue, deliveries };
        tap.look().await?;
        Ok(tap)
    }

    /// The next message, within ten seconds.
    ///
    /// # Errors
    /// When none comes, or it cannot be read.
    pub async fn next(&mut self) -> Result<(Envelope, Event)> {
        let delivery = timeout(Duration::from_secs(10), self.deliveries.next()).await;
        let delivery = delivery.context("nothing was published")?.context("the tap was closed")??;
        let envelope = Envelope::read(&delivery).map_err(anyhow::Error::msg)?;
        let event = Event::decode(&envelope.type_name, &envelope.payload)?;
        Ok((envelope, event))
    }

    /// Sees no more of what is published: the services' own queues are left alone with it.
    ///
    /// # Errors
    /// When the broker does not do it.
    pub async fn look_away(&self) -> Result<()> {
        let exchange = self.exchange.as_str().into();
        Ok(self.channel.queue_unbind(self.queue.clone(), exchange, "#".into(), FieldTable::default()).await?)
    }

    /// Sees what is published again.
    ///
    /// # Errors
    /// When the broker does not do it.
    pub async fn look(&self) -> Result<()> {
        let (exchange, options) = (self.exchange.as_str().into(), QueueBindOptions::default());
        let (queue, none) = (self.queue.clone(), FieldTable::default());
        Ok(self.channel.queue_bind(queue, exchange, "#".into(), options, none).await?)
    }

    /// Sees what dies in a service's queue as well.
    ///
    /// # Errors
    /// When the broker does not do it.
    pub async fn watch_dead_letters(&self, service: &str) -> Result<()> {
        let (exchange, options) = (self.topology.dead_letters().into(), QueueBindOptions::default());
        let (queue, none) = (self.queue.clone(), FieldTable::default());
        Ok(self.channel.queue_bind(queue, exchange, service.into(), options, none).await?)
    }

    /// Deletes a queue, with all that is in it.
    ///
    /// # Errors
    /// When the broker does not do it.
    pub async fn delete_queue(&self, queue: &str) -> Result<()> {
        self.channel.queue_delete(queue.into(), Default::default()).await?;
        Ok(())
    }

    /// Takes all that a service hears of away from its queue: what is published then reaches nobody there.
    ///
    /// # Errors
    /// When the broker does not do it.
    pub async fn deafen(&self, service: &str) -> Result<()> {
        let (queue, exchange) = (self.topology.queue(service), self.topology.exchange());
        for kind in HEARS.iter().filter(|(name, _)| *name == service).flat_map(|(_, kinds)| *kinds) {
            let key = format!("{kind}.#");
            self.channel.queue_unbind((*queue).into(), (*exchange).into(), key.into(), Default::default()).await?;
        }
        Ok(())
    }

    /// How many messages wait in a queue; none when there is no such queue.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn waiting(&self, queue: &str) -> Result<Option<u32>> {
        // Asking for a queue that is not there closes the channel.
        let channel = self.connection.create_channel().await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let asked = channel.queue_declare(queue.into(), passive, FieldTable::default()).await;
        Ok(asked.ok().map(|queue| queue.message_count()))
    }

    /// The names of exchanges and queues.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Takes the first message of a queue and dies of it, `times` over: what the broker sees of a consumer that a message
    /// kills.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn die_of_next(&self, queue: &str, times: usize) -> Result<()> {
        for _ in 0..times {
            let channel = self.connection.create_channel().await?;
            let options = BasicConsumeOptions::default();
            let mut deliveries = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
            if timeout(Duration::from_secs(2), deliveries.next()).await.is_err() {
                return Ok(());
            }
            channel.close(200, "died".into()).await?;
        }
        Ok(())
    }

    /// Sends a message to the dead letters of a service.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn bury(&self, envelope: &Envelope, service: &str) -> Result<()> {
        let (exchange, options) = (self.topology.dead_letters().into(), BasicPublishOptions::default());
        let properties = envelope.properties(&envelope.trace);
        self.channel.basic_publish(exchange, service.into(), options, &envelope.payload, properties).await?.await?;
        Ok(())
    }

    /// All that was published since, with all that it carried, as it can be read; none follows for a second.
    ///
    /// # Errors
    /// When the tap was closed.
    pub async fn drain(&mut self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        while let Ok(next) = timeout(Duration::from_secs(1), self.deliveries.next()).await {
            let delivery = next.context("the tap was closed")??;
            let (key, properties) = (&delivery.routing_key, &delivery.properties);
            all.push(format!("{key} {properties:?} {}", String::from_utf8_lossy(&delivery.data)));
        }
        Ok(all)
    }

    /// Whether nothing is published within `time`.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        timeout(time, self.deliveries.next()).await.is_err()
    }

    /// Publishes an event of an aggregate's version, and gives back the message.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn publish(&self, aggregate: Uuid, version: i64, event: impl Into<Event>) -> Result<Envelope> {
        let envelope = message(aggregate, version, event);
        self.send(&envelope).await?;
        Ok(envelope)
    }

    /// Sends a message as it is, as often as a test likes.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn send(&self, envelope: &Envelope) -> Result<()> {
        self.send_raw(&envelope.type_name, &envelope.payload, envelope.properties(&envelope.trace)).await
    }

    /// Sends anything.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn send_raw(&self, routing_key: &str, body: &[u8], properties: BasicProperties) -> Result<()> {
        let (exchange, options) = (self.exchange.as_str().into(), BasicPublishOptions::default());
        self.channel.basic_publish(exchange, routing_key.into(), options, body, properties).await?.await?;
        Ok(())
    }
}
