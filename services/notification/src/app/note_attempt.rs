//! Notes how an attempt ended, and what follows.

use std::time::Duration;

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::settle::settle;
use crate::{
    domain::{Attempt, Delivery, Next, Outcome, State, next},
    store,
};

/// Notes an attempt of a delivery.
#[derive(Debug, Clone)]
pub struct NoteAttempt {
    /// The delivery as it went out.
    pub sent: Delivery,
    /// How it ended.
    pub outcome: Outcome,
    /// The server's code; 0 without an answer.
    pub code: i32,
    /// The first delay before another attempt.
    pub first_delay: Duration,
}

impl UseCase for NoteAttempt {
    type Outcome = ();
    const NAME: &'static str = "note_attempt";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let delivery = store::lock_delivery(unit, self.sent.id).await?;
        unit.about(&delivery.referral_number);
        let attempt = Attempt { end_time: unit.now(), outcome: self.outcome, code: self.code };
        store::insert_attempt(unit, &delivery, self.sent.attempts, &attempt).await?;
        // Another attempt may be under way, or have ended, when this one took too long. What was accepted stays accepted.
        let latest = delivery.attempts == self.sent.attempts && delivery.state == State::Sent;
        let accepted = self.outcome == Outcome::Accepted && delivery.state != State::Discarded;
        if !latest && !accepted {
            return Ok(());
        }
        let next = next(self.outcome, delivery.tries);
        if let Next::Again(times) = next {
            store::again(unit, delivery.id, self.first_delay * times).await?;
        }
        settle(unit, &delivery, self.outcome, next).await
    }
}
