//! A tap on the exchange: sees what is published, and publishes what a test wants to see taken in.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer,
    options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use relais_platform::{
    broker::{envelope::Envelope, topology::Topology},
    clock::machine_now,
    events::Event,
};
use tokio::time::timeout;
use uuid::Uuid;

/// A tap with a queue of its own.
pub struct Tap {
    _connection: Connection,
    channel: Channel,
    exchange: String,
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
        let (exchange, options) = (topology.exchange(), QueueBindOptions::default());
        channel.queue_bind(queue.clone(), exchange.as_str().into(), "#".into(), options, FieldTable::default()).await?;
        let unacknowledged = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let deliveries = channel.basic_consume(queue, "".into(), unacknowledged, FieldTable::default()).await?;
        Ok(Self { _connection: connection, channel, exchange, deliveries })
    }

    /// The next message, within ten seconds.
    ///
    /// # Errors
    /// When none comes, or it cannot be read.
    pub async fn next(&mut self) -> Result<(Envelope, Event)> {
        let delivery = timeout(Duration::from_secs(10), self.deliveries.next()).await;
        let delivery = delivery.context("nothing was published")?.context("the tap was closed")??;
        let envelope = Envelope::read(&delivery).map_err(anyhow::Error::msg)?;
        let event = Event::decode(&envelope.type_name, &envelope.payload)?.event().context("an unknown type")?;
        Ok((envelope, event))
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
        let event = event.into();
        let envelope = Envelope {
            id: Uuid::now_v7(),
            type_name: event.type_name().into(),
            aggregate_id: aggregate,
            version,
            time: machine_now(),
            payload: event.encode(),
            trace: serde_json::json!({}),
        };
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
