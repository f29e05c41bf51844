//! What the databases and the broker hold afterwards: the other side of the check.

use std::collections::HashSet;

use anyhow::Result;
use lapin::{Connection, ConnectionProperties, options::QueueDeclareOptions, types::FieldTable};
use relais_platform::broker::topology::Topology;
use sqlx::{FromRow, PgConnection, postgres::PgRow};
use uuid::Uuid;

use crate::{SERVICES, Suite};

/// A referral.
#[derive(Debug, Clone, FromRow)]
pub struct Referral {
    /// Its id.
    pub id: Uuid,
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
    /// What came out.
    pub outcome: Uuid,
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
    /// Keys of requests to submit or cancel.
    pub keys: Vec<Key>,
    /// Confirmed events of all services.
    pub sent: Vec<Sent>,
    /// How far all consumers have come.
    pub consumed: Vec<Consumed>,
    /// Readings that stand in the audit, by RPC and trace.
    pub audited: HashSet<(String, String)>,
    /// Work that is left, or was given up.
    pub left: Vec<Left>,
}

const REFERRALS: &str = "SELECT id, version, state = 'cancelled' AS closed FROM referral";
const NOTED: &str = "SELECT referral_id AS referral, appointment_id AS appointment, state = 'cancelled' AS closed
                     FROM referral_appointment";
const KEYS: &str = "SELECT request_id AS request, outcome_id AS outcome FROM idempotency_key
                    WHERE rpc LIKE '%/SubmitReferral' OR rpc LIKE '%/CancelReferral'";
const AUDITED: &str = "SELECT split_part(action, '/', 3), trace_id FROM audit WHERE outcome = 'served'";
const APPOINTMENTS: &str =
    "SELECT id, referral_id AS referral, version, state = 'cancelled' AS closed FROM appointment";
const ORDERS: &str = "SELECT id, referral_id AS referral, version, state = 'revoked' AS closed FROM service_order";
const MESSAGES: &str = "SELECT id, COALESCE(referral_id, '00000000-0000-0000-0000-000000000000') AS referral,
                               kind = 'referral-submitted' AS opened, kind = 'referral-cancelled' AS closed, organisation_id AS organisation, unit_id AS unit, sequence FROM message";
const MAILBOXES: &str = "SELECT organisation_id AS organisation, unit_id AS unit, last_sequence AS last FROM mailbox";
const SENT: &str = "SELECT aggregate_kind AS kind, aggregate_id AS aggregate, version FROM outbox_sent";
const CONSUMED: &str = "SELECT consumer, aggregate_kind AS kind, aggregate_id AS aggregate, version
                        FROM consumed_version";
const LEFT: &str = r#"
    SELECT 'outbox' AS "place", format('%s version %s of %s', type, version, aggregate_id) AS about FROM outbox
    UNION ALL
    SELECT 'retry', format('%s version %s of %s, %s, attempt %s: %s', type, version, aggregate_id, reason, attempt, error)
    FROM retry
    UNION ALL
    SELECT 'parked', format('%s version %s of %s, attempt %s: %s', type, version, aggregate_id, attempt, error)
    FROM parked WHERE state = 'parked'"#;

impl Found {
    /// Reads it all.
    ///
    /// # Errors
    /// When a server cannot be asked.
    pub async fn read(suite: &Suite) -> Result<Self> {
        let mut found = Self { left: in_queues(suite).await?, ..Self::default() };
        for service in SERVICES {
            let mut schema = suite.owner(service).await?;
            found.sent.extend(rows(&mut schema, SENT).await?);
            found.consumed.extend(rows(&mut schema, CONSUMED).await?);
            found.left.extend(rows(&mut schema, LEFT).await?);
            match service {
                "referral" => {
                    found.referrals = rows(&mut schema, REFERRALS).await?;
                    found.noted = rows(&mut schema, NOTED).await?;
                    found.keys = rows(&mut schema, KEYS).await?;
                    let audited: Vec<(String, String)> = rows(&mut schema, AUDITED).await?;
                    found.audited = audited.into_iter().collect();
                }
                "scheduling" => found.appointments = rows(&mut schema, APPOINTMENTS).await?,
                "results" => found.orders = rows(&mut schema, ORDERS).await?,
                _ => {
                    found.messages = rows(&mut schema, MESSAGES).await?;
                    found.mailboxes = rows(&mut schema, MAILBOXES).await?;
                }
            }
        }
        Ok(found)
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
