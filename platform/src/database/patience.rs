//! Patience: what is no fault of the work that hits it, for the database is away; and what only looks so.

use std::time::Duration;

use tokio::time::sleep;

use super::Database;
use crate::error::{Error, Kind, Result};

/// Between two tries.
const REST: Duration = Duration::from_millis(200);
/// What breaks off so often in a row, while the database answers in between, is not the database's outage.
const ANSWERED: usize = 3;

impl Database {
    /// Tries as long as the database is away. Work that breaks off again and again although the database answers (a table is
    /// missing, its own statement takes all memory) is at fault itself: else all others wait behind it.
    ///
    /// # Errors
    /// Those of the work; INTERNAL for what looked like an outage and was none.
    pub(crate) async fn outlast<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        let mut answered = 0;
        loop {
            let error = match work().await {
                Err(error) if self.is_outage(&error) => error,
                result => return result,
            };
            tracing::warn!(%error, "the database seems to be away: work waits");
            sleep(REST).await;
            if self.ping().await.is_err() {
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
    pub(crate) fn is_outage(&self, error: &Error) -> bool {
        error.kind == Kind::Unavailable && !self.is_closed()
    }
}
