//! Patience: what is no attempt of a message's. The database is away, or others hold the same rows.

use tokio::time::sleep;

use super::{Consumer, Handler, REST};
use crate::{broker::envelope::Envelope, error::Result, random};

/// How often a batch is run again after contention.
const CONTENDED: usize = 3;

impl Consumer {
    /// Tries as long as the database is away: for what the consumer keeps for itself, which has nobody else to blame. What a
    /// message does is tried with [`crate::database::Database::outlast`].
    pub(super) async fn until_available<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        loop {
            match work().await {
                Err(error) if self.database.is_outage(&error) => {
                    tracing::warn!(%error, "the database is away: messages wait");
                    sleep(REST * 5).await;
                }
                result => return result,
            }
        }
    }

    /// Applies a batch, however long the database is away or others hold the same rows.
    pub(super) async fn apply_patiently<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        self.database.outlast(|| self.apply_contended::<H>(envelopes)).await
    }

    async fn apply_contended<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        for _ in 0..CONTENDED {
            match self.apply_batch::<H>(envelopes).await {
                Err(error) if error.is_contention() => sleep(random::jitter(REST)).await,
                result => return result,
            }
        }
        self.apply_batch::<H>(envelopes).await
    }
}
