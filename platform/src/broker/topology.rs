//! Exchanges, queues and bindings of the whole suite, in one place.
//!
//! `mandatory` notices only a message that nobody gets. So every process declares everything before it first publishes and
//! after each reconnect: a service that was never started yet still gets its messages. Names carry a version, because a
//! queue cannot be declared again with other arguments: change the arguments, raise the version.
//!
//! Written for RabbitMQ 3.10 and 4.x: every argument here means the same on both, nothing is left to a default or a policy
//! that changed between them, and the platform never requeues, which they count differently.
//!
//! To let a service hear of another kind of aggregate, add it to [`HEARS`].

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

/// Which kinds of aggregates each service hears of.
pub const HEARS: &[(&str, &[&str])] = &[
    ("referral", &["relais.scheduling.appointment", "relais.results.report", "relais.notification.message"]),
    (
        "scheduling",
        &["relais.referral.referral", "relais.referral.erasure", "relais.referral.site", "relais.referral.access"],
    ),
    (
        "results",
        &[
            "relais.referral.referral",
            "relais.referral.erasure",
            "relais.referral.site",
            "relais.scheduling.appointment",
            "relais.referral.access",
        ],
    ),
    (
        "notification",
        &[
            "relais.referral.referral",
            "relais.referral.access",
            "relais.referral.erasure",
            "relais.referral.meter",
            "relais.scheduling.appointment",
            "relais.results.order",
            "relais.results.report",
        ],
    ),
];

/// Kinds that must not wait behind others: they have a queue of their own at each service that hears of them.
pub const CRITICAL: &[(&str, &[&str])] = &[("notification", &["relais.results.critical"])];

/// Whether a service publishes events of this kind of aggregates: every one that is published has somebody who hears of it.
pub fn publishes(service: &str, kind: &str) -> bool {
    let heard = HEARS.iter().chain(CRITICAL).any(|(_, kinds)| kinds.contains(&kind));
    heard && kind.split('.').nth(1) == Some(service)
}

/// Deliveries of one message before it is dead-lettered: it ends messages that kill whoever takes them. Positive, for
/// RabbitMQ 3.10 destroys messages at -1, and stated, for 4.x has 20 by default.
const DELIVERY_LIMIT: i64 = 50;
/// Dead letters have no further place to go: at the limit a broker would throw them away.
const NO_LIMIT: i64 = 1_000_000_000;

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
        format!("{}.{service}.v2", self.prefix)
    }

    /// The queue of what must not wait, for services that hear of such.
    pub fn critical_queue(&self, service: &str) -> Option<String> {
        let hears = CRITICAL.iter().any(|(name, _)| *name == service);
        hears.then(|| format!("{}.{service}.critical.v1", self.prefix))
    }

    /// The exchange of dead letters; the routing key is the service that could not take them.
    pub fn dead_letters(&self) -> String {
        format!("{}.dead.v2", self.prefix)
    }

    /// The queue of what a service was sent too often.
    pub fn dead_queue(&self, service: &str) -> String {
        format!("{}.{service}.dead.v2", self.prefix)
    }

    /// All queues of a service.
    pub fn queues(&self, service: &str) -> Vec<String> {
        [self.queue(service), self.dead_queue(service)].into_iter().chain(self.critical_queue(service)).collect()
    }

    /// Declares everything. Safe to run again, and at once from several processes.
    ///
    /// # Errors
    /// When the broker refuses, as when a queue of that name has other arguments.
    pub async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        self.declare_exchanges(channel).await?;
        for (service, _) in HEARS {
            self.declare_queues(channel, service).await?;
        }
        Ok(())
    }

    /// Declares what one service takes its messages from: quick, for whoever lost a queue and waits for it.
    ///
    /// # Errors
    /// As [`Topology::declare`].
    pub async fn declare_own(&self, channel: &Channel, service: &str) -> lapin::Result<()> {
        self.declare_exchanges(channel).await?;
        self.declare_queues(channel, service).await
    }

    async fn declare_exchanges(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let none = FieldTable::default();
        let (events, dead) = (self.exchange(), self.dead_letters());
        channel.exchange_declare(dead.as_str().into(), ExchangeKind::Direct, durable, none.clone()).await?;
        channel.exchange_declare(events.as_str().into(), ExchangeKind::Topic, durable, none).await
    }

    async fn declare_queues(&self, channel: &Channel, service: &str) -> lapin::Result<()> {
        let letters = self.dead_queue(service);
        self.declare_queue(channel, &letters, quorum(NO_LIMIT)).await?;
        self.bind(channel, &letters, &self.dead_letters(), service).await?;
        for (_, kinds) in HEARS.iter().filter(|(name, _)| *name == service) {
            self.declare_heard(channel, service, &self.queue(service), kinds).await?;
        }
        for (_, kinds) in CRITICAL.iter().filter(|(name, _)| *name == service) {
            if let Some(queue) = self.critical_queue(service) {
                self.declare_heard(channel, service, &queue, kinds).await?;
            }
        }
        Ok(())
    }

    /// Removes everything that [`Topology::declare`] made, messages included.
    ///
    /// # Errors
    /// When the broker refuses.
    pub async fn delete(&self, channel: &Channel) -> lapin::Result<()> {
        for queue in HEARS.iter().flat_map(|(service, _)| self.queues(service)) {
            channel.queue_delete(queue.into(), Default::default()).await?;
        }
        for exchange in [self.exchange(), self.dead_letters()] {
            channel.exchange_delete(exchange.into(), Default::default()).await?;
        }
        Ok(())
    }

    async fn declare_heard(&self, channel: &Channel, service: &str, queue: &str, kinds: &[&str]) -> lapin::Result<()> {
        self.declare_queue(channel, queue, self.arguments(service)).await?;
        for kind in kinds {
            self.bind(channel, queue, &self.exchange(), &format!("{kind}.#")).await?;
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
    fn arguments(&self, service: &str) -> FieldTable {
        let mut arguments = quorum(DELIVERY_LIMIT);
        let text = |value: &str| AMQPValue::LongString(value.into());
        arguments.insert("x-dead-letter-exchange".into(), text(&self.dead_letters()));
        arguments.insert("x-dead-letter-routing-key".into(), text(service));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments
    }
}

fn quorum(delivery_limit: i64) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(delivery_limit));
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::events::{TYPES, aggregate_kind};

    #[test]
    fn every_type_reaches_a_durable_queue() {
        let heard = |kind: &str| HEARS.iter().chain(CRITICAL).any(|(_, kinds)| kinds.contains(&kind));
        let lost: Vec<_> = TYPES.iter().filter(|name| !heard(aggregate_kind(name))).collect();
        assert!(lost.is_empty(), "nobody hears of {lost:?}");
    }

    #[test]
    fn what_is_critical_waits_behind_nothing_else() {
        let ordinary = |kind: &&&str| HEARS.iter().any(|(_, kinds)| kinds.contains(*kind));
        let mixed: Vec<_> = CRITICAL.iter().flat_map(|(_, kinds)| kinds.iter()).filter(ordinary).collect();
        assert!(mixed.is_empty(), "{mixed:?}");
    }

    #[test]
    fn nobody_listens_for_what_is_not_published() {
        let published = |kind: &&str| TYPES.iter().any(|name| aggregate_kind(name) == *kind);
        assert!(HEARS.iter().all(|(_, kinds)| kinds.iter().all(published)));
    }

    /// The rows of the page's section, each as the words in code of its first two cells that have any.
    fn documented() -> Vec<Vec<Vec<String>>> {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
        let page = std::fs::read_to_string(page).expect("ARCHITECTURE.md");
        let (_, section) = page.split_once("### Who hears of what\n").expect("no such section");
        let section = section.split("\n### ").next().unwrap_or_default();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.map(|row| format!("`{row}").split(" | ").map(words).collect()).collect()
    }

    /// `relais.referral.{a,b}.#` are two bindings.
    fn kinds(binding: &str) -> Vec<String> {
        let binding = binding.trim_end_matches(".#");
        let Some((before, several)) = binding.split_once('{') else { return vec![binding.into()] };
        several.trim_end_matches('}').split(',').map(|last| format!("{before}{last}")).collect()
    }

    #[test]
    fn the_page_tells_what_each_queue_is_bound_to() {
        let topology = Topology::new("relais");
        let ordinary = HEARS.iter().map(|(service, heard)| (Some(topology.queue(service)), heard));
        let critical = CRITICAL.iter().map(|(service, heard)| (topology.critical_queue(service), heard));
        for (queue, heard) in ordinary.chain(critical) {
            let queue = queue.expect("what is critical has a queue");
            let rows = documented();
            let row = rows.iter().find(|row| row[0] == [queue.as_str()]).unwrap_or_else(|| panic!("no row of {queue}"));
            let told: BTreeSet<_> = row[1].iter().flat_map(|binding| kinds(binding)).collect();
            let heard: BTreeSet<_> = heard.iter().map(|kind| (*kind).to_string()).collect();
            assert_eq!(told, heard, "{queue} in ARCHITECTURE.md, and in HEARS");
        }
    }

    #[test]
    fn the_page_tells_of_each_event() {
        let rows = documented().into_iter().filter(|row| row[0][0].ends_with(".v1") && row.len() > 2);
        // What begins with an ellipsis is of the kind of the first one in its row.
        let full = |row: Vec<Vec<String>>| {
            let kind = aggregate_kind(&row[0][0]).to_string();
            row[0].iter().map(|name| name.replace('…', &format!("{kind}."))).collect::<Vec<_>>()
        };
        let told: BTreeSet<_> = rows.flat_map(full).collect();
        let published: BTreeSet<_> = TYPES.iter().map(|name| (*name).to_string()).collect();
        assert_eq!(told, published, "in ARCHITECTURE.md, and in the table of events");
    }
}
