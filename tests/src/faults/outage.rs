//! Long outages with a purpose, under the same load and the same check as the faults of a plan.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use tokio::time::{sleep, timeout};

use super::{
    deleted,
    fleet::Fleet,
    plan::Victim,
    settle,
    tally::{Tally, percentile},
};

/// What is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outage {
    /// The broker has no memory left, for 20 seconds: it reads no more from those who publish.
    MemoryAlarm,
    /// The same with its disk.
    DiskAlarm,
    /// The broker is killed and down for 30 seconds.
    BrokerStopped,
    /// The queue of scheduling is deleted: under its consumers, and once more with messages in it.
    QueueDeleted,
    /// Each of them, one after the other.
    All,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

/// How an outage went.
#[derive(Debug, Clone, Copy)]
pub struct Episode {
    /// Which.
    pub outage: Outage,
    /// Calls that were acknowledged meanwhile.
    pub answered: usize,
    /// The time within which 99 of 100 of them were.
    pub p99: Duration,
    /// The most events that waited in all outboxes together.
    pub waiting: i64,
    /// From its end until all that had waited was published.
    pub emptied: Duration,
}

/// Between two looks at the outboxes.
const LOOK: Duration = Duration::from_millis(250);
/// How long an alarm lasts.
const ALARM: Duration = Duration::from_secs(20);
/// How long the broker is down.
const DOWN: Duration = Duration::from_secs(30);
/// Before each outage the load runs undisturbed.
const BETWEEN: Duration = Duration::from_secs(3);
/// Within this time all that had waited is published.
const EMPTIES_WITHIN: Duration = Duration::from_secs(60);

impl Outage {
    fn each(self) -> Vec<Self> {
        match self {
            Self::All => vec![Self::MemoryAlarm, Self::DiskAlarm, Self::BrokerStopped, Self::QueueDeleted],
            one => vec![one],
        }
    }

    async fn befall(self, fleet: &Fleet) -> Result<()> {
        match self {
            Self::MemoryAlarm => {
                fleet.rabbitmqctl(&["set_vm_memory_high_watermark", "0"]).await?;
                sleep(ALARM).await;
                fleet.rabbitmqctl(&["set_vm_memory_high_watermark", "0.4"]).await
            }
            Self::DiskAlarm => {
                fleet.rabbitmqctl(&["set_disk_free_limit", "1000000GB"]).await?;
                sleep(ALARM).await;
                fleet.rabbitmqctl(&["set_disk_free_limit", "50MB"]).await
            }
            Self::BrokerStopped => {
                fleet.kill(Victim::Broker).await?;
                sleep(DOWN).await;
                fleet.launch(Victim::Broker).await
            }
            Self::QueueDeleted => deleted::delete_queues(fleet).await,
            Self::All => Ok(()),
        }
    }
}

/// Plays them one after the other; says how each went.
///
/// # Errors
/// When the servers are not ours to break, or do not come back.
pub async fn play(fleet: &Fleet, tally: &Tally, began: Instant, outage: Outage) -> Result<Vec<Episode>> {
    ensure!(fleet.servers().contains(&Victim::Broker), "an outage needs a RabbitMQ that ./dev has started");
    let mut episodes = Vec::new();
    for outage in outage.each() {
        sleep(BETWEEN).await;
        println!("  {:6.1} s  {outage:<15}   {}", began.elapsed().as_secs_f32(), tally.figures());
        let started = Instant::now();
        let (befallen, waiting) = watched(fleet, outage.befall(fleet)).await;
        befallen.with_context(|| outage.to_string())?;
        let over = Instant::now();
        let times = tally.answered_since(started);
        let emptied = until_published(fleet, over).await.with_context(|| outage.to_string())?;
        episodes.push(Episode { outage, answered: times.len(), p99: percentile(times, 99), waiting, emptied });
    }
    Ok(episodes)
}

/// Does something, and says how many events waited at most meanwhile.
async fn watched<T>(fleet: &Fleet, work: impl Future<Output = T>) -> (T, i64) {
    tokio::pin!(work);
    let mut most = 0;
    loop {
        tokio::select! {
            done = &mut work => return (done, most),
            () = sleep(LOOK) => {
                if let Ok(waiting) = settle::outboxes(fleet).await {
                    most = most.max(waiting.iter().map(|(_, outbox)| outbox.rows).sum());
                }
            }
        }
    }
}

/// Until what waits now is published, whatever comes meanwhile; says how long it took.
async fn until_published(fleet: &Fleet, since: Instant) -> Result<Duration> {
    let waited = settle::outboxes(fleet).await?;
    let published = async {
        loop {
            let now = settle::outboxes(fleet).await?;
            let mut pairs = now.iter().zip(&waited);
            if pairs.all(|((_, now), (_, waited))| now.rows == 0 || now.first > waited.last) {
                return anyhow::Ok(since.elapsed());
            }
            sleep(LOOK / 2).await;
        }
    };
    timeout(EMPTIES_WITHIN, published).await.context("what had waited is not published")?
}
