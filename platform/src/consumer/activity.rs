//! What is under way, for the backlog: what was taken from where it waited, and has not ended yet, stands nowhere else.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// How busy this instance is, with messages and in its background, for the backlog.
#[derive(Debug)]
pub struct Activity {
    in_flight: AtomicUsize,
    last: AtomicU64,
    started: Instant,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self { in_flight: AtomicUsize::new(0), last: AtomicU64::new(0), started: Instant::now() }
    }

    pub(super) fn begin(&self, messages: usize) {
        self.in_flight.fetch_add(messages, Ordering::SeqCst);
    }

    pub(super) fn end(&self, messages: usize) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::SeqCst);
        self.in_flight.fetch_sub(messages, Ordering::SeqCst);
    }

    /// Says that something is worked at, until the answer is dropped: a service's background says so before it takes what is due, so
    /// that nobody takes it for settled meanwhile.
    pub fn busy(&self) -> Busy<'_> {
        self.begin(1);
        Busy(self)
    }

    /// Whether no message is being applied and nothing else is worked at, nor was within `time`.
    pub fn quiet_for(&self, time: Duration) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::SeqCst));
        self.in_flight.load(Ordering::SeqCst) == 0 && self.started.elapsed().saturating_sub(last) >= time
    }
}

/// Something that is worked at, see [`Activity::busy`].
#[derive(Debug)]
pub struct Busy<'a>(&'a Activity);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.end(1);
    }
}
