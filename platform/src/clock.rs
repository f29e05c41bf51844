//! The clock by which rules are applied.
//!
//! Two times exist. The injected clock serves rules, deadlines, tokens and every "at" that people read. Machine time serves
//! retry, polling, connections and retention. In development the injected clock runs ahead of the machine's by an offset,
//! a row of each schema that all instances read again every 100 ms; it only goes forward. In production it is zero.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::database::Database;

/// How often the offset is read again.
pub const REFRESH: Duration = Duration::from_millis(100);

/// Tells the time by which rules are applied. Cheap to clone; all clones share the offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The present, to the microsecond, which is what PostgreSQL keeps.
    pub fn now(&self) -> DateTime<Utc> {
        machine_now() + self.offset()
    }

    /// How far this clock is ahead of the machine's.
    pub fn offset(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Takes an offset read from the database. Never goes back.
    pub(crate) fn follow(&self, offset_ms: i64) {
        self.offset_ms.fetch_max(offset_ms, Ordering::Relaxed);
    }

    /// Reads the offset again and again; ends with its task. A failure is passed over: the next reading follows soon.
    pub(crate) async fn keep_following(self, database: Database) {
        loop {
            if let Ok(offset_ms) = database.clock_offset().await {
                self.follow(offset_ms);
            }
            tokio::time::sleep(REFRESH).await;
        }
    }
}

/// The machine's time, to the microsecond: for retry, polling, retention, and as the base of [`Clock::now`].
#[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
pub fn machine_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_only_goes_forward() {
        let clock = Clock::default();
        clock.follow(5_000);
        clock.follow(1_000);
        assert_eq!(clock.offset(), TimeDelta::milliseconds(5_000));
        assert!(clock.now() - machine_now() <= TimeDelta::milliseconds(5_000));
    }
}
