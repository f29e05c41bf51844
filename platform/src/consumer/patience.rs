//! Patience: what is no attempt of a message's. The database is away, or others hold the same rows.

use tokio::time::sleep;

use super::{Consumer, Handler, REST};
use crate::{
    broker::envelope::Envelope,
    error::{Error, Kind, Result},
    random,
};

/// How often a batch is run again after contention.
const CONTENDED: usize = 3;
/// What breaks off so often in a row, while the database answers in between, is not the database's outage.
const ANSWERED: usize = 3;

impl Consumer {
    /// Tries as long as the database is away: for what the consumer keeps for itself, which has nobody else to blame.
    pub(super) async fn until_available<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        loop {
            match work().await {
                Err(error) if self.is_outage(&error) => {
                    tracing::warn!(%error, "the database is away: messages wait");
                    sleep(REST * 5).await;
                }
                result => return result,
            }
        }
    }

    /// As [`Consumer::until_available`], for what a message does. One that breaks off again and again although the database
    /// answers (a table is missing, its own statement takes all memory) is at fault itself: else all others wait behind it.
    pub(super) async fn outlast<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        let mut answered = 0;
        loop {
            let error = match work().await {
                Err(error) if self.is_outage(&error) => error,
                result => return result,
            };
            tracing::warn!(%error, "the database seems to be away: messages wait");
            sleep(REST).await;
            if self.database.ping().await.is_err() {
                answered = 0;
                sleep(REST * 4).await;
                continue;
            }
            answered += 1;
            if answered == ANSWERED {
                return Err(Error { kind: Kind::Internal, ..error });
            }
        }
    }

    /// A database that this process itself has closed does not come back.
    fn is_outage(&self, error: &Error) -> bool {
        error.kind == Kind::Unavailable && !self.database.is_closed()
    }

    /// Applies a batch, however long the database is away or others hold the same rows.
    pub(super) async fn apply_patiently<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        self.outlast(|| self.apply_contended::<H>(envelopes)).await
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
