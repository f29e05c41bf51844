//! Figures of a run, counted as it goes on.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What the clients count together.
#[derive(Debug, Default)]
pub struct Tally {
    submitted: AtomicUsize,
    cancelled: AtomicUsize,
    read: AtomicUsize,
    unanswered: AtomicUsize,
    again: AtomicUsize,
    refused: AtomicUsize,
    answered: Mutex<Vec<(Instant, Duration)>>,
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Submissions that were acknowledged.
    pub submitted: usize,
    /// Cancellations that were acknowledged.
    pub cancelled: usize,
    /// Readings that were answered.
    pub read: usize,
    /// Requests that were not answered when they were first sent.
    pub unanswered: usize,
    /// How often a request was sent again.
    pub again: usize,
    /// Requests that were refused.
    pub refused: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { submitted, cancelled, unanswered, .. } = self;
        write!(f, "{submitted} submitted, {cancelled} cancelled, {unanswered} unanswered at first")
    }
}

impl Tally {
    /// The figures so far.
    pub fn figures(&self) -> Figures {
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Figures {
            submitted: read(&self.submitted),
            cancelled: read(&self.cancelled),
            read: read(&self.read),
            unanswered: read(&self.unanswered),
            again: read(&self.again),
            refused: read(&self.refused),
        }
    }

    /// How long each call took that was answered since then.
    pub fn answered_since(&self, then: Instant) -> Vec<Duration> {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.iter().filter(|(at, _)| *at >= then).map(|(_, took)| *took).collect()
    }

    pub(super) fn acknowledged(&self, cancellation: bool) {
        let counter = if cancellation { &self.cancelled } else { &self.submitted };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A request goes out; `attempt` counts from zero.
    pub(super) fn sent(&self, attempt: usize) {
        self.again.fetch_add(usize::from(attempt > 0), Ordering::Relaxed);
    }

    pub(super) fn unanswered(&self, attempt: usize) {
        self.unanswered.fetch_add(usize::from(attempt == 0), Ordering::Relaxed);
    }

    pub(super) fn answered(&self, began: Instant) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.push((Instant::now(), began.elapsed()));
    }
}

/// The time within which this many hundredths of the calls were answered.
pub fn percentile(mut times: Vec<Duration>, hundredth: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * hundredth).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_were_answered() {
        let times = |n: u64| (1..=n).map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(percentile(times(200), 99), Duration::from_millis(198));
        assert_eq!(percentile(times(3), 99), Duration::from_millis(3));
        assert_eq!(percentile(times(0), 99), Duration::ZERO);
    }
}
