//! The limit: the least that publishes or consumes the same messages on the same queues, without any of ours.

use std::{collections::VecDeque, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use lapin::{
    Channel, Confirmation, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions, QueuePurgeOptions,
    },
    types::FieldTable,
};
use relais_platform::broker::{
    envelope::Envelope,
    topology::{HEARS, Topology},
};

use super::say;

/// Messages that may be unconfirmed, as many as a batch of the relay.
const WINDOW: usize = 100;
/// As the consumers have it.
const PREFETCH: u16 = 200;

/// A bare client of a suite's queues.
pub(super) struct Bare {
    connection: Connection,
    topology: Topology,
}

impl Bare {
    /// Connects and declares what the suite declares.
    pub(super) async fn connect(amqp_url: &str, prefix: &str) -> Result<Self> {
        let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await?;
        let topology = Topology::new(prefix);
        topology.declare(&connection.create_channel().await?).await?;
        Ok(Self { connection, topology })
    }

    /// Publishes with confirms; answers how many a second.
    pub(super) async fn publish(&self, messages: &[Envelope]) -> Result<f64> {
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let (exchange, options) =
            (self.topology.exchange(), BasicPublishOptions { mandatory: true, ..Default::default() });
        let (mut unconfirmed, mut began) = (VecDeque::with_capacity(WINDOW), None);
        for message in messages {
            if unconfirmed.len() == WINDOW {
                confirmed(unconfirmed.pop_front().context("no window")?.await?)?;
                began.get_or_insert_with(Instant::now);
            }
            let (key, properties) = (message.type_name.as_str(), message.properties(&message.trace));
            let publish =
                channel.basic_publish(exchange.as_str().into(), key.into(), options, &message.payload, properties);
            unconfirmed.push_back(publish.await?);
        }
        for confirm in unconfirmed {
            confirmed(confirm.await?)?;
        }
        let _ = channel.close(200, "published".into()).await;
        Ok(rate(messages.len() - 1, began.context("fewer messages than a window")?))
    }

    /// Takes so many messages from a service's queue and acknowledges each; answers how many a second.
    pub(super) async fn consume(&self, service: &str, messages: usize) -> Result<f64> {
        let channel = self.connection.create_channel().await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let (queue, options) = (self.topology.queue(service), BasicConsumeOptions::default());
        let mut deliveries = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        let mut began = None;
        for _ in 0..messages {
            let delivery = deliveries.next().await.context("the broker ended the consumer")??;
            ensure!(delivery.acker.ack(BasicAckOptions::default()).await?, "the channel is gone");
            began.get_or_insert_with(Instant::now);
        }
        let rate = rate(messages - 1, began.context("no messages")?);
        let _ = channel.close(200, "consumed".into()).await;
        Ok(rate)
    }

    /// Empties all queues.
    pub(super) async fn purge(&self) -> Result<()> {
        let channel = self.connection.create_channel().await?;
        for (service, _) in HEARS {
            channel.queue_purge(self.topology.queue(service).into(), QueuePurgeOptions::default()).await?;
        }
        Ok(channel.close(200, "purged".into()).await?)
    }

    /// How many messages of a service nobody has taken yet.
    pub(super) async fn waiting(&self, channel: &Channel, service: &str) -> Result<u32> {
        let (queue, passive) =
            (self.topology.queue(service), QueueDeclareOptions { passive: true, ..Default::default() });
        Ok(channel.queue_declare(queue.into(), passive, FieldTable::default()).await?.message_count())
    }

    /// A channel to ask on.
    pub(super) async fn channel(&self) -> Result<Channel> {
        Ok(self.connection.create_channel().await?)
    }
}

fn confirmed(confirmation: Confirmation) -> Result<()> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        other => {
            say(format!("{other:?}"));
            bail!("a message was not taken")
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
fn rate(messages: usize, began: Instant) -> f64 {
    messages as f64 / began.elapsed().as_secs_f64()
}
