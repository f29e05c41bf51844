//! Where a run takes place: a suite whose programs do not run yet, a bare client of its queues, its rows.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{bare::Bare, rows::Rows};
use crate::{Options, Suite};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often to look: looking costs time, too.
const LOOK: Duration = Duration::from_millis(100);

/// A fresh database and fresh queues for one run.
pub(super) struct Stage {
    pub(super) suite: Suite,
    pub(super) bare: Bare,
    pub(super) rows: Rows,
}

impl Stage {
    pub(super) async fn prepare() -> Result<Self> {
        Self::prepare_as(Options::default()).await
    }

    /// As [`Stage::prepare`], of programs that differ from the usual.
    pub(super) async fn prepare_as(options: Options) -> Result<Self> {
        let suite = Suite::prepare(options).await?;
        let bare = Bare::connect(&suite.servers.amqp_url, &suite.name).await?;
        let rows = Rows::connect(&suite).await?;
        Ok(Self { suite, bare, rows })
    }

    /// Waits until so many messages wait in a service's queue, without a word to the database.
    pub(super) async fn until_waiting(&self, service: &str, messages: usize) -> Result<()> {
        let (channel, until) = (self.bare.channel().await?, Instant::now() + PATIENCE);
        while self.bare.waiting(&channel, service).await? as usize != messages {
            ensure!(Instant::now() < until, "waited in vain for {messages} messages in {service}'s queue");
            tokio::time::sleep(LOOK).await;
        }
        Ok(channel.close(200, "seen".into()).await?)
    }

    /// Waits until a table has so many rows.
    pub(super) async fn until_rows(&mut self, table: &str, rows: usize) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while usize::try_from(self.rows.count(table).await?)? != rows {
            ensure!(Instant::now() < until, "waited in vain for {rows} rows in {table}");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    pub(super) async fn end(self) -> Result<()> {
        self.suite.stop().await
    }
}
