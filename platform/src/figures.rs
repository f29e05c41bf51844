//! What a service has still to do, in figures: for `GetBacklog` and for the metrics alike.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{Context, clock::machine_now, database::Database, error::Result};

/// The broker tells of a queue within this time, or it is not known.
const ASKING: Duration = Duration::from_secs(3);

/// What is still to be done.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Events not yet confirmed.
    pub outbox: i64,
    /// How long the oldest of them has waited.
    pub outbox_lag: Duration,
    /// Messages held back.
    pub retry: i64,
    /// How long the oldest of them has waited.
    pub retry_lag: Duration,
    /// Messages given up and not seen to.
    pub parked: i64,
    /// Timers that are due.
    pub timers_due: i64,
    /// Rows of the audit that no seal holds yet.
    pub unsealed: i64,
    /// How long the oldest of them has waited.
    pub unsealed_lag: Duration,
}

/// The queues of this service.
#[derive(Debug, Clone, Default)]
pub struct Queues {
    /// Those that the broker told of.
    pub told: Vec<QueueFigures>,
    /// Whether these are all: not when the broker is away, or a queue is.
    pub complete: bool,
}

/// A queue of this service.
#[derive(Debug, Clone)]
pub struct QueueFigures {
    /// Its name.
    pub queue: String,
    /// Messages that nobody has taken yet.
    pub messages: u32,
    /// Consumers, of all instances.
    pub consumers: u32,
}

impl Database {
    /// What is still to be done, counted; timers by the injected clock's `now`.
    ///
    /// # Errors
    /// UNAVAILABLE when the database cannot be asked.
    pub async fn figures(&self, now: DateTime<Utc>) -> Result<Figures> {
        let query = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM outbox) AS "outbox!",
                      (SELECT id FROM outbox ORDER BY position LIMIT 1) AS oldest,
                      (SELECT count(*) FROM retry) AS "retry!",
                      (SELECT extract(epoch FROM now() - min(received_at))::float8 FROM retry) AS retry_lag,
                      (SELECT count(*) FROM parked WHERE state = 'parked') AS "parked!",
                      (SELECT count(*) FROM generate_series(0, 3) AS u(urgency) JOIN timer USING (urgency)
                       WHERE due_at <= $1) AS "timers_due!",
                      (SELECT count(*) FROM audit_unsealed) AS "unsealed!",
                      (SELECT id FROM audit_unsealed ORDER BY id LIMIT 1) AS oldest_unsealed"#,
            now,
        );
        let row = query.fetch_one(self.quiet()).await?;
        Ok(Figures {
            outbox: row.outbox,
            outbox_lag: row.oldest.map(age).unwrap_or_default(),
            retry: row.retry,
            retry_lag: Duration::try_from_secs_f64(row.retry_lag.unwrap_or_default()).unwrap_or_default(),
            parked: row.parked,
            timers_due: row.timers_due,
            unsealed: row.unsealed,
            unsealed_lag: row.oldest_unsealed.map(age).unwrap_or_default(),
        })
    }
}

/// How long ago an id was drawn (UUID v7).
fn age(id: Uuid) -> Duration {
    let drawn = id.get_timestamp().map(|stamp| stamp.to_unix()).unwrap_or_default();
    let drawn = DateTime::from_timestamp(i64::try_from(drawn.0).unwrap_or_default(), drawn.1).unwrap_or_default();
    (machine_now() - drawn).to_std().unwrap_or_default()
}

impl Context {
    /// The service's queues, as far as the broker tells of them in time. It never fails: who asks what is left to do asks
    /// above all when the broker is down.
    pub async fn queues(&self) -> Queues {
        let names = self.broker.topology().queues(self.service);
        let mut told = Vec::with_capacity(names.len());
        if self.broker.is_connected() {
            for asked in join_all(names.iter().map(|name| timeout(ASKING, self.queue(name)))).await {
                match asked {
                    Ok(Ok(queue)) => told.push(queue),
                    Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), "a queue is not known"),
                    Err(_) => tracing::warn!("the broker does not tell of a queue in time"),
                }
            }
        }
        Queues { complete: told.len() == names.len(), told }
    }

    /// One queue, on a channel of its own: asking for one that is not there closes the channel.
    async fn queue(&self, name: &str) -> anyhow::Result<QueueFigures> {
        let channel = self.broker.channel().await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let queue = channel.queue_declare(name.into(), passive, FieldTable::default()).await?;
        let (messages, consumers) = (queue.message_count(), queue.consumer_count());
        let _ = channel.close(200, "asked".into()).await;
        Ok(QueueFigures { queue: name.into(), messages, consumers })
    }
}
