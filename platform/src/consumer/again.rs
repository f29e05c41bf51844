//! What is held back: failed messages when they are due, waiting ones when their gap is filled; and parking.

use std::time::Duration;

use lapin::message::Delivery;
use tokio::time::timeout;

use super::{
    Consumer, Handler,
    inbox::{self, Seen},
    parked, store,
};
use crate::{
    broker::envelope::Envelope,
    error::{Error, Kind, Result},
    settings::{ConsumerSettings, millis},
    telemetry::metrics::{self, Failure},
};

/// Looks for ripe messages when woken, and again and again.
pub(super) async fn run<H: Handler>(consumer: Consumer) {
    loop {
        match consumer.look::<H>().await {
            // More may have become ripe by what was applied.
            Ok(applied) if applied > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "held messages wait"),
        }
        let _ = timeout(millis(consumer.settings.poll_ms), consumer.ripe.notified()).await;
    }
}

impl Consumer {
    /// Reopens before it looks, and parks after: what became ripe meanwhile is not parked.
    async fn look<H: Handler>(&self) -> Result<usize> {
        self.database.reopen_gaps(self.name).await?;
        let applied = self.apply_ripe::<H>().await?;
        let parked = self.database.park_old_gaps(self.name, millis(self.settings.gap_timeout_ms)).await?;
        if parked > 0 {
            tracing::error!(parked, "messages were parked that wait for earlier ones: rebuild, or publish those again");
        }
        Ok(applied)
    }

    async fn apply_ripe<H: Handler>(&self) -> Result<usize> {
        let ripe = self.database.ripe(self.name).await?;
        if ripe.is_empty() {
            // Looking is not being busy.
            return Ok(0);
        }
        self.activity.begin(ripe.len());
        let mut applied = 0;
        for (held, attempt) in &ripe {
            let result = match self.apply_held::<H>(held.clone()).await {
                Err(error) if error.kind == Kind::Unavailable => Err(error),
                Err(error) => self.failed_again(held, *attempt, &error).await,
                Ok(()) => {
                    applied += 1;
                    Ok(())
                }
            };
            if result.is_err() {
                self.activity.end(ripe.len());
                return result.map(|()| applied);
            }
        }
        self.activity.end(ripe.len());
        Ok(applied)
    }

    /// A message fails for the first time: it becomes a row, so that it can be acknowledged.
    pub(super) async fn hold_failed(&self, envelope: &Envelope, error: &Error) -> Result<()> {
        if error.kind == Kind::Unavailable {
            return Err(Error::unavailable(anyhow::anyhow!("{error}")));
        }
        tracing::warn!(message.id = %envelope.id, message.r#type = envelope.type_name, %error, "a message failed");
        let (envelope, reason, consumer) = (envelope.clone(), told(error), self.clone());
        let next = self.next_try(error, u16::from(!error.is_contention()));
        self.write(async move { consumer.record_failure(envelope, reason, next, true).await }).await
    }

    async fn failed_again(&self, envelope: &Envelope, attempt: u16, error: &Error) -> Result<()> {
        let attempt = attempt.saturating_add(u16::from(!error.is_contention()));
        tracing::warn!(message.id = %envelope.id, attempt, %error, "a message failed again");
        let (envelope, reason, consumer) = (envelope.clone(), told(error), self.clone());
        let next = self.next_try(error, attempt);
        self.write(async move { consumer.record_failure(envelope, reason, next, false).await }).await
    }

    /// Keeps a message that cannot be read at all where a person can see it.
    pub(super) async fn park_unreadable(&self, delivery: &Delivery, fault: &str) -> Result<()> {
        tracing::warn!(fault, "a message that cannot be read is parked");
        let (consumer, fault) = (self.clone(), fault.to_string());
        let (key, body) = (delivery.routing_key.as_str().to_string(), delivery.data.clone());
        self.write(async move {
            let mut unit = consumer.database.open().await?;
            parked::park_unreadable(&mut unit, consumer.name, &key, &body, &fault).await?;
            consumer.database.finish(unit).await
        })
        .await
    }

    async fn record_failure(&self, envelope: Envelope, reason: String, next: Next, first: bool) -> Result<()> {
        let what = if matches!(next, Next::Try { .. }) { Failure::Held } else { Failure::Parked };
        metrics::failed(self.name, what, reason.split(':').next().unwrap_or_default());
        let mut unit = self.database.open().await?;
        let ours = if first {
            let mut intake = inbox::take_in(&mut unit, self.name, std::slice::from_ref(&envelope)).await?;
            intake.take(&envelope) == Seen::Never
        } else {
            store::release(&mut unit, self.name, envelope.id).await?
        };
        if !ours {
            // Another instance has dealt with it meanwhile.
            unit.roll_back().await;
            return Ok(());
        }
        match next {
            Next::Try { attempt, after } => {
                store::hold_failed(&mut unit, self.name, &envelope, attempt, after, &reason).await?;
            }
            Next::Park { attempt } => {
                parked::park(&mut unit, self.name, &envelope, attempt, &reason).await?;
            }
        }
        self.database.finish(unit).await
    }

    fn next_try(&self, error: &Error, attempt: u16) -> Next {
        // A body that cannot be read will not be readable later.
        if attempt >= self.settings.max_attempts || error.kind == Kind::InvalidArgument {
            Next::Park { attempt }
        } else {
            Next::Try { attempt, after: delay(&self.settings, attempt) }
        }
    }

    pub(super) async fn write(&self, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        self.database.detached(tracing::info_span!("hold"), work).await
    }
}

/// What becomes of a message that failed.
enum Next {
    Try { attempt: u16, after: Duration },
    Park { attempt: u16 },
}

/// Doubles with each attempt, up to the largest.
fn delay(settings: &ConsumerSettings, attempt: u16) -> Duration {
    let doubled = settings.retry_first_ms.saturating_mul(1_u64 << attempt.saturating_sub(1).min(32));
    millis(doubled.min(settings.retry_max_ms))
}

/// The error as operators see it: reason and sentence, and for faults of ours what the database said, never values.
fn told(error: &Error) -> String {
    let source = error.source.as_ref().map(|source| format!(": {}", source.root_cause())).unwrap_or_default();
    format!("{}: {}{source}", error.reason, error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_the_largest() {
        let settings = ConsumerSettings {
            prefetch: 1,
            batch: 1,
            retry_first_ms: 1_000,
            retry_max_ms: 10_000,
            max_attempts: 12,
            gap_timeout_ms: 1,
            poll_ms: 1,
        };
        let seconds: Vec<_> = (1..=6).map(|attempt| delay(&settings, attempt).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
        assert_eq!(delay(&settings, u16::MAX).as_secs(), 10);
    }
}
