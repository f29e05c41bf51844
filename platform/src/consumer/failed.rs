//! What becomes of a message that fails: another attempt later, or parking.

use std::time::Duration;

use super::{
    Consumer,
    batch::aside_span,
    inbox::{self, Seen},
    parked, store,
};
use crate::{
    broker::envelope::Envelope,
    error::{Error, Kind, Result},
    settings::{ConsumerSettings, doubled},
    telemetry::metrics::{self, Failure},
};

/// What becomes of a message that failed.
#[derive(Debug, Clone, Copy)]
enum Next {
    Try { attempt: u16, after: Duration },
    Park { attempt: u16 },
}

impl Consumer {
    /// A message fails for the first time: it becomes a row, so that it can be acknowledged.
    pub(super) async fn hold_failed(&self, envelope: &Envelope, error: &Error) -> Result<()> {
        tracing::warn!(message.id = %envelope.id, message.r#type = envelope.type_name, %error, "a message failed");
        let next = self.next_try(error, u16::from(!error.is_contention()));
        let reason = told(error);
        self.until_available(|| {
            let (consumer, envelope, reason) = (self.clone(), envelope.clone(), reason.clone());
            let span = aside_span("hold", &envelope);
            self.write(span, async move { consumer.record_first(&envelope, &reason, next).await })
        })
        .await
    }

    /// A held message fails again.
    pub(super) async fn failed_again(&self, envelope: &Envelope, attempt: u16, error: &Error) -> Result<()> {
        let attempt = attempt.saturating_add(u16::from(!error.is_contention()));
        tracing::warn!(message.id = %envelope.id, attempt, %error, "a message failed again");
        let next = self.next_try(error, attempt);
        let reason = told(error);
        self.until_available(|| {
            let (consumer, envelope, reason) = (self.clone(), envelope.clone(), reason.clone());
            let span = aside_span("hold", &envelope);
            self.write(span, async move { consumer.record_again(&envelope, &reason, next).await })
        })
        .await
    }

    /// Keeps a message that cannot be read at all where a person can see it.
    pub(super) async fn park_unreadable(&self, routing_key: &str, body: &[u8], fault: &str) -> Result<()> {
        tracing::warn!(fault, "a message that cannot be read is parked");
        self.until_available(|| {
            let (consumer, fault) = (self.clone(), fault.to_string());
            let (key, body) = (routing_key.to_string(), body.to_vec());
            self.write(tracing::info_span!(parent: None, "park"), async move {
                let mut unit = consumer.database.open().await?;
                parked::park_unreadable(&mut unit, consumer.name, &key, &body, &fault).await?;
                consumer.database.finish(unit).await
            })
        })
        .await
    }

    async fn record_first(&self, envelope: &Envelope, reason: &str, next: Next) -> Result<()> {
        let mut unit = self.database.open().await?;
        let mut intake = inbox::take_in(&mut unit, self.name, std::slice::from_ref(envelope)).await?;
        match (intake.take(envelope), next) {
            // Another instance has dealt with it meanwhile.
            (Seen::Before, _) => {
                unit.roll_back().await;
                return Ok(());
            }
            (Seen::AsAnother, _) => parked::park_reused(&mut unit, self.name, envelope).await?,
            (Seen::Never, Next::Try { attempt, after }) => {
                store::hold_failed(&mut unit, self.name, envelope, attempt, after, reason).await?;
            }
            (Seen::Never, Next::Park { attempt }) => {
                parked::park(&mut unit, self.name, envelope, attempt, reason).await?;
            }
        }
        self.database.finish(unit).await?;
        self.count(reason, next);
        Ok(())
    }

    async fn record_again(&self, envelope: &Envelope, reason: &str, next: Next) -> Result<()> {
        let mut unit = self.database.open().await?;
        let ours = match next {
            Next::Try { attempt, after } => {
                store::put_off(&mut unit, self.name, envelope.id, attempt, after, reason).await?
            }
            Next::Park { attempt } => {
                let ours = store::release(&mut unit, self.name, envelope.id).await?;
                if ours {
                    parked::park(&mut unit, self.name, envelope, attempt, reason).await?;
                }
                ours
            }
        };
        if !ours {
            // Another instance has dealt with it meanwhile.
            unit.roll_back().await;
            return Ok(());
        }
        self.database.finish(unit).await?;
        self.count(reason, next);
        Ok(())
    }

    fn count(&self, reason: &str, next: Next) {
        let what = if matches!(next, Next::Try { .. }) { Failure::Held } else { Failure::Parked };
        metrics::failed(self.name, what, reason.split(':').next().unwrap_or_default());
    }

    fn next_try(&self, error: &Error, attempt: u16) -> Next {
        // A body that cannot be read will not be readable later.
        if attempt >= self.settings.max_attempts || error.kind == Kind::InvalidArgument {
            Next::Park { attempt }
        } else {
            Next::Try { attempt, after: delay(&self.settings, attempt) }
        }
    }

    async fn write(&self, span: tracing::Span, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        self.database.detached(span, work).await
    }
}

/// How long a message waits that was tried so often.
pub(super) fn delay(settings: &ConsumerSettings, attempt: u16) -> Duration {
    doubled(settings.retry_first_ms, settings.retry_max_ms, u32::from(attempt.saturating_sub(1)))
}

/// The error as operators see it: reason and sentence, and for faults of ours what the database said, never values.
pub(super) fn told(error: &Error) -> String {
    let source = error.source.as_ref().map(|source| format!(": {}", source.root_cause())).unwrap_or_default();
    format!("{}: {}{source}", error.reason, error.message)
}
