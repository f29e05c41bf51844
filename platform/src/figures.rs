//! What a service has still to do, in figures: for `GetBacklog` and for the metrics alike.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use uuid::Uuid;

use crate::{
    Context,
    clock::machine_now,
    database::Database,
    error::{Error, Result},
};

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
                       WHERE due_at <= $1) AS "timers_due!""#,
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
    /// The service's queues, as the broker has them.
    ///
    /// # Errors
    /// UNAVAILABLE when the broker cannot be asked, or a queue is not there.
    pub async fn queues(&self) -> Result<Vec<QueueFigures>> {
        let asking = async {
            let channel = self.broker.channel().await?;
            let mut queues = Vec::new();
            for name in self.broker.topology().queues(self.service) {
                let passive = QueueDeclareOptions { passive: true, ..Default::default() };
                let queue = channel.queue_declare(name.as_str().into(), passive, FieldTable::default()).await?;
                let (messages, consumers) = (queue.message_count(), queue.consumer_count());
                queues.push(QueueFigures { queue: name, messages, consumers });
            }
            let _ = channel.close(200, "asked".into()).await;
            anyhow::Ok(queues)
        };
        let asked = tokio::time::timeout(Duration::from_secs(5), asking).await;
        asked.map_err(Error::unavailable)?.map_err(Error::unavailable)
    }
}
