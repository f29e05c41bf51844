//! What the databases and the broker hold afterwards: the other side of the check.

mod bookings;
mod meters;
mod reports;
mod sql;

use std::collections::HashSet;

use anyhow::Result;
use lapin::{Connection, ConnectionProperties, options::QueueDeclareOptions, types::FieldTable};
use relais_platform::broker::topology::Topology;
use sqlx::{FromRow, PgConnection, postgres::PgRow};
use uuid::Uuid;

pub use bookings::{Booking, Bookings, Claim, Slot};
pub use meters::{Holding, Meter, Meters, Sums};
pub use reports::{Entry, Noticed, Recount, Release, Reports, Version};

use crate::{SERVICES, Suite};

/// A referral.
#[derive(Debug, Clone, FromRow)]
pub struct Referral {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub state: String,
    /// Whether it is cancelled.
    pub closed: bool,
    /// Its version.
    pub version: i64,
}

/// An appointment or an order, opened for a referral.
#[derive(Debug, Clone, FromRow)]
pub struct Effect {
    /// Its id.
    pub id: Uuid,
    /// For which referral.
    pub referral: Uuid,
    /// Whether it is cancelled or revoked.
    pub closed: bool,
    /// Whether somebody gave it up, so that another one took its place.
    pub given_up: bool,
    /// Its version.
    pub version: i64,
}

/// What the referral service has noted of an appointment.
#[derive(Debug, Clone, FromRow)]
pub struct Noted {
    /// The referral.
    pub referral: Uuid,
    /// Its appointment.
    pub appointment: Uuid,
    /// Whether it is cancelled.
    pub closed: bool,
}

/// A message in a mailbox.
#[derive(Debug, Clone, FromRow)]
pub struct Message {
    /// Its id.
    pub id: Uuid,
    /// About which referral; the nil UUID when it is about none.
    pub referral: Uuid,
    /// What it tells of.
    pub kind: String,
    /// What that came to.
    pub state: String,
    /// Whether it tells that the referral was submitted.
    pub opened: bool,
    /// Whether it tells of a cancellation.
    pub closed: bool,
    /// Whose mailbox: an organisation's …
    pub organisation: Uuid,
    /// … or one of its units'.
    pub unit: Uuid,
    /// Its number there.
    pub sequence: i64,
}

/// A mailbox.
#[derive(Debug, Clone, FromRow)]
pub struct Mailbox {
    /// Whose.
    pub organisation: Uuid,
    /// Of which unit.
    pub unit: Uuid,
    /// The last number it has given.
    pub last: i64,
}

/// An event that the broker has confirmed.
#[derive(Debug, Clone, FromRow)]
pub struct Sent {
    /// The kind of aggregate.
    pub kind: String,
    /// The aggregate.
    pub aggregate: Uuid,
    /// Its version.
    pub version: i64,
}

/// How far a consumer has come with an aggregate.
#[derive(Debug, Clone, FromRow)]
pub struct Consumed {
    /// Who.
    pub consumer: String,
    /// The kind of aggregate.
    pub kind: String,
    /// The aggregate.
    pub aggregate: Uuid,
    /// The last version it applied.
    pub version: i64,
}

/// Work that should not be there any more.
#[derive(Debug, Clone, FromRow)]
pub struct Left {
    /// Where: `outbox`, `retry`, `parked` or `queue`.
    pub place: String,
    /// What it is about.
    pub about: String,
}

/// What came out of a request, as its key says.
#[derive(Debug, Clone, FromRow)]
pub struct Key {
    /// The `request_id`.
    pub request: Uuid,
    /// The call.
    pub rpc: String,
    /// What came out.
    pub outcome: Uuid,
    /// In which version.
    pub version: i64,
}

/// What a call made or changed, as the service keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromRow)]
pub struct Change {
    /// Of what kind.
    pub kind: String,
    /// Which.
    pub id: Uuid,
    /// Its version since.
    pub version: i64,
}

/// Where a service has a referral stand of which it has heard.
#[derive(Debug, Clone, FromRow)]
pub struct Heard {
    /// The referral.
    pub id: Uuid,
    /// Where it stands.
    pub state: String,
}

/// Something of which messages tell, and how often it happened.
#[derive(Debug, Clone, FromRow)]
pub struct News {
    /// The referral.
    pub referral: Uuid,
    /// What happened.
    pub kind: String,
    /// What that came to.
    pub state: String,
    /// How often.
    pub count: i64,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// All referrals.
    pub referrals: Vec<Referral>,
    /// All appointments.
    pub appointments: Vec<Effect>,
    /// All orders.
    pub orders: Vec<Effect>,
    /// All that is noted of appointments.
    pub noted: Vec<Noted>,
    /// All messages.
    pub messages: Vec<Message>,
    /// All mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// Keys of all requests.
    pub keys: Vec<Key>,
    /// What calls made or changed.
    pub changes: Vec<Change>,
    /// Where other services have referrals stand, by service.
    pub heard: Vec<(&'static str, Vec<Heard>)>,
    /// All of which messages tell.
    pub news: Vec<News>,
    /// Seats and who has them.
    pub bookings: Bookings,
    /// Reports, and what was given.
    pub reports: Reports,
    /// Lines that commit something, and who holds places.
    pub meters: Meters,
    /// All sites that others were told of.
    pub sites: Vec<Uuid>,
    /// Confirmed events of all services.
    pub sent: Vec<Sent>,
    /// How far all consumers have come.
    pub consumed: Vec<Consumed>,
    /// Readings that stand in the audit, by RPC and trace.
    pub audited: HashSet<(String, String)>,
    /// Work that is left, or was given up.
    pub left: Vec<Left>,
}

impl Found {
    /// Reads it all.
    ///
    /// # Errors
    /// When a server cannot be asked.
    pub async fn read(suite: &Suite) -> Result<Self> {
        let mut found = Self { left: in_queues(suite).await?, ..Self::default() };
        for service in SERVICES {
            let mut schema = suite.owner(service).await?;
            found.sent.extend(rows(&mut schema, sql::SENT).await?);
            found.consumed.extend(rows(&mut schema, sql::CONSUMED).await?);
            found.left.extend(rows(&mut schema, sql::LEFT).await?);
            found.keys.extend(rows(&mut schema, sql::KEYS).await?);
            let audited: Vec<(String, String)> = rows(&mut schema, sql::AUDITED).await?;
            found.audited.extend(audited);
            for (_, changes) in sql::CHANGES.into_iter().filter(|(of, _)| *of == service) {
                found.changes.extend(rows(&mut schema, changes).await?);
            }
            for (_, news) in sql::NEWS.into_iter().filter(|(of, _)| *of == service) {
                found.news.extend(rows(&mut schema, news).await?);
            }
            found.read_own(service, &mut schema).await?;
        }
        Ok(found)
    }

    /// What one service alone keeps.
    async fn read_own(&mut self, service: &'static str, schema: &mut PgConnection) -> Result<()> {
        match service {
            "referral" => {
                self.referrals = rows(schema, sql::REFERRALS).await?;
                self.noted = rows(schema, sql::NOTED).await?;
                let sites: Vec<(Uuid,)> = rows(schema, sql::SITES).await?;
                self.sites = sites.into_iter().map(|(id,)| id).collect();
                self.reports.read_counted(schema).await?;
                self.meters = Meters::read(schema).await?;
            }
            "scheduling" => {
                self.appointments = rows(schema, sql::APPOINTMENTS).await?;
                self.bookings = Bookings::read(schema).await?;
                self.heard.push((service, rows(schema, sql::HEARD).await?));
            }
            "results" => {
                self.orders = rows(schema, sql::ORDERS).await?;
                self.reports.read_handed_in(schema).await?;
                self.heard.push((service, rows(schema, sql::HEARD).await?));
            }
            _ => {
                self.messages = rows(schema, sql::MESSAGES).await?;
                self.mailboxes = rows(schema, sql::MAILBOXES).await?;
            }
        }
        Ok(())
    }
}

async fn rows<T>(schema: &mut PgConnection, sql: &'static str) -> Result<Vec<T>>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    Ok(sqlx::query_as(sql).fetch_all(schema).await?)
}

/// Messages that nobody has taken, dead letters among them.
async fn in_queues(suite: &Suite) -> Result<Vec<Left>> {
    let connection = Connection::connect(&suite.servers.amqp_url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let topology = Topology::new(&suite.name);
    let mut left = Vec::new();
    for queue in SERVICES.iter().flat_map(|service| topology.queues(service)) {
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let declared = channel.queue_declare(queue.as_str().into(), passive, FieldTable::default()).await?;
        let count = declared.message_count();
        left.extend((count > 0).then(|| Left { place: "queue".into(), about: format!("{count} messages in {queue}") }));
    }
    connection.close(200, "counted".into()).await?;
    Ok(left)
}
