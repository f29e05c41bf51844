//! Figures of a run, counted as it goes on.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Submissions that were acknowledged.
    Submitted,
    /// Cancellations that were acknowledged.
    Cancelled,
    /// Readings that were answered.
    Read,
    /// Bookings that were acknowledged, with those that were moved, and walk-ins.
    Booked,
    /// Bookings that were given up.
    GivenUp,
    /// Requests for a seat when others had been faster.
    TooLate,
    /// Submissions when all that was committed was taken.
    UsedUp,
    /// Patients who were seen.
    Seen,
    /// Versions of reports that were acknowledged to the laboratory.
    Reported,
    /// Versions that a prescriber could read, once they were released.
    Released,
    /// Versions of which a prescriber took note.
    Noted,
    /// Requests that were not answered when they were first sent.
    Unanswered,
    /// How often a request was sent again.
    Again,
    /// Requests that were refused and should not have been.
    Refused,
}

/// All of it, with its name in a report.
pub const COUNTED: [(Counted, &str); 14] = [
    (Counted::Submitted, "submitted"),
    (Counted::Cancelled, "cancelled"),
    (Counted::Read, "read"),
    (Counted::Booked, "booked"),
    (Counted::GivenUp, "bookings given up"),
    (Counted::TooLate, "too late for a seat"),
    (Counted::UsedUp, "no place left"),
    (Counted::Seen, "seen"),
    (Counted::Reported, "versions reported"),
    (Counted::Released, "released and read"),
    (Counted::Noted, "acknowledged"),
    (Counted::Unanswered, "unanswered at first"),
    (Counted::Again, "sent again"),
    (Counted::Refused, "refused"),
];

/// What the clients count together.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [AtomicUsize; COUNTED.len()],
    answered: Mutex<Vec<(Instant, Duration)>>,
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures([usize; COUNTED.len()]);

impl Figures {
    /// One of them.
    pub fn get(&self, counted: Counted) -> usize {
        self.0[counted as usize]
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let get = |counted| self.get(counted);
        let (submitted, booked, seen) = (get(Counted::Submitted), get(Counted::Booked), get(Counted::Seen));
        let (reported, released) = (get(Counted::Reported), get(Counted::Released));
        write!(
            f,
            "{submitted:4} submitted {booked:3} booked {seen:3} seen {reported:3} reported {released:3} released {:3} unanswered",
            get(Counted::Unanswered)
        )
    }
}

impl Tally {
    /// The figures so far.
    pub fn figures(&self) -> Figures {
        Figures(self.counts.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    /// How long each call took that was answered since then.
    pub fn answered_since(&self, then: Instant) -> Vec<Duration> {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.iter().filter(|(at, _)| *at >= then).map(|(_, took)| *took).collect()
    }

    pub(super) fn count(&self, counted: Counted) {
        self.counts[counted as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A request goes out; `attempt` counts from zero.
    pub(super) fn sent(&self, attempt: usize) {
        if attempt > 0 {
            self.count(Counted::Again);
        }
    }

    pub(super) fn unanswered(&self, attempt: usize) {
        if attempt == 0 {
            self.count(Counted::Unanswered);
        }
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
    fn everything_is_counted_under_its_own_name() {
        let tally = Tally::default();
        for (n, (counted, _)) in COUNTED.iter().enumerate() {
            (0..=n).for_each(|_| tally.count(*counted));
        }
        let figures = tally.figures();
        assert!(COUNTED.iter().enumerate().all(|(n, (counted, _))| figures.get(*counted) == n + 1));
    }

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_were_answered() {
        let times = |n: u64| (1..=n).map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(percentile(times(200), 99), Duration::from_millis(198));
        assert_eq!(percentile(times(3), 99), Duration::from_millis(3));
        assert_eq!(percentile(times(0), 99), Duration::ZERO);
    }
}
