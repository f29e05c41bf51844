//! Figures of a run, counted as it goes on.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

/// What the clients count together.
#[derive(Debug, Default)]
pub struct Tally {
    submitted: AtomicUsize,
    cancelled: AtomicUsize,
    unanswered: AtomicUsize,
    again: AtomicUsize,
    refused: AtomicUsize,
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Submissions that were acknowledged.
    pub submitted: usize,
    /// Cancellations that were acknowledged.
    pub cancelled: usize,
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
            unanswered: read(&self.unanswered),
            again: read(&self.again),
            refused: read(&self.refused),
        }
    }

    pub(super) fn acknowledged(&self, cancellation: bool) {
        let counter = if cancellation { &self.cancelled } else { &self.submitted };
        counter.fetch_add(1, Ordering::Relaxed);
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
}
