//! Deliveries: how a mail goes on after each attempt.

use chrono::{DateTime, Utc};
use relais_platform::ids::{DeliveryId, ReferralId};
use relais_platform::text_enum;

use super::Mailbox;

text_enum! {
    /// What is sent.
    pub enum Purpose {
        /// That a message waits in a mailbox.
        Message = "message",
        /// How many came in a day.
        Digest = "digest",
        /// That a patient has an appointment.
        Reminder = "reminder",
    }
}

text_enum! {
    /// Where a delivery stands.
    pub enum State {
        /// It waits.
        Queued = "queued",
        /// It is on its way to a server, or was when this process ended.
        Sent = "sent",
        /// A server accepted it.
        Accepted = "accepted",
        /// It will not be tried again.
        Failed = "failed",
        /// It was tried in vain.
        Parked = "parked",
        /// Somebody gave it up.
        Discarded = "discarded",
    }
}

text_enum! {
    /// How an attempt ended.
    pub enum Outcome {
        /// A server accepted it.
        Accepted = "accepted",
        /// A server refused it for now.
        Deferred = "deferred",
        /// A server refused it for good.
        Refused = "refused",
        /// No server answered, or it hung up.
        Unreachable = "unreachable",
        /// A server took too long.
        TimedOut = "timed-out",
        /// Neither the recipient nor anybody who stands in has an address.
        NoAddress = "no-address",
        /// There is nobody: the referral is not there any more.
        NoContact = "no-contact",
        /// No server is set up.
        NoTransport = "no-transport",
        /// What it tells of is past.
        TooLate = "too-late",
    }
}

/// An effect outside of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, of which the message id is made.
    pub id: DeliveryId,
    /// What is sent.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: State,
    /// How the last attempt ended, or why it waits.
    pub reason: String,
    /// The mailbox it goes to; for a patient, that of whoever sent the patient.
    pub mailbox: Mailbox,
    /// The referral it is about; for a digest, the first of those.
    pub referral: ReferralId,
    /// Its number.
    pub referral_number: String,
    /// How many messages a digest counts.
    pub messages: i32,
    /// When the appointment begins, for a reminder.
    pub start_time: Option<DateTime<Utc>>,
    /// In which zone that is read.
    pub time_zone: String,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// Before this it is not sent.
    pub not_before: DateTime<Utc>,
    /// Attempts since it was made or replayed.
    pub tries: i32,
    /// All attempts.
    pub attempts: i32,
    /// Whether it reminds of a time that its appointment has no more.
    pub withdrawn: bool,
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub end_time: DateTime<Utc>,
    /// How.
    pub outcome: Outcome,
    /// The server's code; 0 without an answer.
    pub code: i32,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is accepted.
    Accepted,
    /// Another attempt, after so many times the first delay.
    Again(u32),
    /// Nothing: it cannot be sent.
    Failed,
    /// Nothing until a person decides.
    Parked,
}

/// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, when the first delay is 5 s.
const DELAYS: [u32; 7] = [1, 60, 360, 1_440, 3_600, 7_200, 7_200];

/// What follows an attempt, the `tries`-th one.
pub fn next(outcome: Outcome, tries: i32) -> Next {
    match outcome {
        Outcome::Accepted => Next::Accepted,
        Outcome::Deferred | Outcome::Unreachable | Outcome::TimedOut => {
            let before = usize::try_from(tries.saturating_sub(1)).unwrap_or_default();
            DELAYS.get(before).map_or(Next::Parked, |delay| Next::Again(*delay))
        }
        Outcome::Refused | Outcome::NoAddress | Outcome::NoContact | Outcome::NoTransport | Outcome::TooLate => {
            Next::Failed
        }
    }
}

impl Next {
    /// Where the delivery then stands.
    pub fn state(self) -> State {
        match self {
            Self::Accepted => State::Accepted,
            Self::Again(_) => State::Queued,
            Self::Failed => State::Failed,
            Self::Parked => State::Parked,
        }
    }
}

impl Delivery {
    /// Whether what it tells of is past.
    pub fn is_too_late(&self, now: DateTime<Utc>) -> bool {
        self.start_time.is_some_and(|start| start <= now)
    }

    /// Why it is taken back, where it is.
    pub const WITHDRAWN: &'static str = "appointment-changed";

    /// Whether a person may have it tried again from the start.
    pub fn is_replayable(&self) -> bool {
        matches!(self.state, State::Failed | State::Parked)
    }

    /// Whether a person may give it up. One on its way cannot be called back.
    pub fn is_discardable(&self) -> bool {
        matches!(self.state, State::Queued | State::Failed | State::Parked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_again_with_growing_delays_and_then_parked() {
        let delays: Vec<_> = (1..=8).map(|tries| next(Outcome::Deferred, tries)).collect();
        let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(|seconds| Next::Again(seconds / 5));
        assert_eq!(delays[..7], expected);
        assert_eq!(delays[7], Next::Parked);
    }

    #[test]
    fn what_can_never_be_sent_is_not_tried_again() {
        for outcome in
            [Outcome::Refused, Outcome::NoAddress, Outcome::NoContact, Outcome::NoTransport, Outcome::TooLate]
        {
            assert_eq!(next(outcome, 1), Next::Failed, "{outcome:?}");
        }
        assert_eq!(next(Outcome::Accepted, 8), Next::Accepted);
        for outcome in [Outcome::Unreachable, Outcome::TimedOut] {
            assert_eq!(next(outcome, 1), Next::Again(1), "{outcome:?}");
        }
    }
}
