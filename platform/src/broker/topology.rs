//! Exchanges, queues and bindings of the whole suite, in one place.
//!
//! `mandatory` notices only a message that nobody gets. So every process declares everything before it first publishes and
//! after each reconnect: a service that was never started yet still gets its messages. Names carry a version, because a
//! queue cannot be declared again with other arguments: change the arguments, raise the version.
//!
//! To let a service hear of another kind of aggregate, add it to [`HEARS`].

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

/// Which kinds of aggregates each service hears of.
pub const HEARS: &[(&str, &[&str])] = &[
    ("referral", &["relais.scheduling.appointment", "relais.notification.message"]),
    ("scheduling", &["relais.referral.referral"]),
    ("results", &["relais.referral.referral"]),
    ("notification", &["relais.referral.referral", "relais.scheduling.appointment", "relais.results.order"]),
];

/// Deliveries of one message before it is dead-lettered: it ends messages that kill whoever takes them. Positive, for
/// RabbitMQ 3.10 destroys messages at -1, and stated, for 4.x has 20 by default.
const DELIVERY_LIMIT: i64 = 50;

/// The names, behind the prefix of the settings.
#[derive(Debug, Clone)]
pub struct Topology {
    prefix: String,
}

impl Topology {
    /// With this first word.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The topic exchange to which everything is published.
    pub fn exchange(&self) -> String {
        format!("{}.events.v1", self.prefix)
    }

    /// The queue of a service.
    pub fn queue(&self, service: &str) -> String {
        format!("{}.{service}.v1", self.prefix)
    }

    /// The exchange and the queue of dead letters.
    pub fn dead_letters(&self) -> String {
        format!("{}.dead.v1", self.prefix)
    }

    /// Declares everything. Safe to run again, and at once from several processes.
    ///
    /// # Errors
    /// When the broker refuses, as when a queue of that name has other arguments.
    pub async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let none = FieldTable::default();
        let (events, dead) = (self.exchange(), self.dead_letters());
        channel.exchange_declare(dead.as_str().into(), ExchangeKind::Fanout, durable, none.clone()).await?;
        self.declare_queue(channel, &dead, quorum()).await?;
        self.bind(channel, &dead, &dead, "").await?;
        channel.exchange_declare(events.as_str().into(), ExchangeKind::Topic, durable, none).await?;
        for (service, kinds) in HEARS {
            let queue = self.queue(service);
            self.declare_queue(channel, &queue, self.arguments()).await?;
            for kind in *kinds {
                self.bind(channel, &queue, &events, &format!("{kind}.#")).await?;
            }
        }
        Ok(())
    }

    /// Removes everything that [`Topology::declare`] made, messages included.
    ///
    /// # Errors
    /// When the broker refuses.
    pub async fn delete(&self, channel: &Channel) -> lapin::Result<()> {
        let queues = HEARS.iter().map(|(service, _)| self.queue(service)).chain([self.dead_letters()]);
        for queue in queues {
            channel.queue_delete(queue.into(), Default::default()).await?;
        }
        for exchange in [self.exchange(), self.dead_letters()] {
            channel.exchange_delete(exchange.into(), Default::default()).await?;
        }
        Ok(())
    }

    async fn declare_queue(&self, channel: &Channel, name: &str, arguments: FieldTable) -> lapin::Result<()> {
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        channel.queue_declare(name.into(), durable, arguments).await.map(|_| ())
    }

    async fn bind(&self, channel: &Channel, queue: &str, exchange: &str, key: &str) -> lapin::Result<()> {
        let options = QueueBindOptions::default();
        channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
    }

    /// A service's queue: what dies in it reaches the dead letters at least once, and a full queue says so to the
    /// publisher instead of dropping.
    fn arguments(&self) -> FieldTable {
        let mut arguments = quorum();
        let text = |value: &str| AMQPValue::LongString(value.into());
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        arguments.insert("x-dead-letter-exchange".into(), text(&self.dead_letters()));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments
    }
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{TYPES, aggregate_kind};

    #[test]
    fn every_type_reaches_a_durable_queue() {
        let heard = |kind: &str| HEARS.iter().any(|(_, kinds)| kinds.contains(&kind));
        let lost: Vec<_> = TYPES.iter().filter(|name| !heard(aggregate_kind(name))).collect();
        assert!(lost.is_empty(), "nobody hears of {lost:?}");
    }

    #[test]
    fn nobody_listens_for_what_is_not_published() {
        let published = |kind: &&str| TYPES.iter().any(|name| aggregate_kind(name) == *kind);
        assert!(HEARS.iter().all(|(_, kinds)| kinds.iter().all(published)));
    }
}
