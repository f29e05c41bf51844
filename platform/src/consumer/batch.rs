//! One batch: lock its aggregates in order, take in what is new, apply what is next, commit.

use opentelemetry::{
    Context,
    trace::{SpanKind, Status, TraceContextExt},
};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{
    Consumer, Handler,
    inbox::{self, Seen},
    parked, store,
    versions::Versions,
};
use crate::{
    broker::envelope::{Envelope, MAX_BODY},
    database::{Database, Unit},
    error::{Error, Kind, Result},
    events::{Event, Undecoded},
    planted::{Bug, Fault},
    telemetry::propagation,
};

/// What to do with a version, given how far the consumer has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Applied already, or passed over.
    Stale,
    /// The next one.
    Next,
    /// An earlier one is missing.
    Gap,
}

impl Step {
    pub(super) fn of(version: i64, consumed: i64) -> Self {
        match version - consumed {
            ..=0 => Self::Stale,
            1 => Self::Next,
            _ => Self::Gap,
        }
    }
}

impl Consumer {
    /// Applies a batch in one transaction, in a task that cannot be dropped.
    ///
    /// A batch of one runs under its message's own span; the SQL of a larger one stands in a trace of its own, to which
    /// each message's span is linked.
    pub(super) async fn apply_batch<H: Handler>(&self, envelopes: &[Envelope]) -> Result<()> {
        let (span, owned) = match envelopes {
            [] => return Ok(()),
            [one] => (process_span(self.name, one), vec![one.clone()]),
            many => (batch_span(self.name, many.len()), many.to_vec()),
        };
        let (consumer, batch) = (self.clone(), span.context());
        let done =
            self.database.detached(span.clone(), async move { consumer.transact::<H>(owned, &batch).await }).await;
        done.inspect_err(|error| fail(&span, error))
    }

    async fn transact<H: Handler>(&self, mut envelopes: Vec<Envelope>, batch: &Context) -> Result<()> {
        envelopes.sort_by(|a, b| {
            (a.aggregate_kind(), a.aggregate_id, a.version).cmp(&(b.aggregate_kind(), b.aggregate_id, b.version))
        });
        let database: &Database = &self.database;
        let mut unit = database.open().await?;
        let result = self.fill::<H>(&mut unit, &envelopes, batch).await;
        match result {
            Ok(held) => {
                self.planted.die(Fault::DieBeforeCommit);
                database.finish(unit).await?;
                if held {
                    self.ripe.notify_one();
                }
                Ok(())
            }
            Err(error) => {
                unit.roll_back().await;
                Err(error)
            }
        }
    }

    /// Fills the unit; says whether messages are, or were, held back for these aggregates.
    async fn fill<H: Handler>(&self, unit: &mut Unit<'_>, envelopes: &[Envelope], batch: &Context) -> Result<bool> {
        let mut versions = Versions::lock(unit, self.name, envelopes).await?;
        let mut intake = inbox::take_in(unit, self.name, envelopes).await?;
        let mut held = versions.held;
        let alone = envelopes.len() == 1;
        for envelope in envelopes {
            match intake.take(envelope) {
                Seen::Before if !self.planted.has(Bug::NoInbox) => continue,
                Seen::AsAnother if !self.planted.has(Bug::NoInbox) => {
                    parked::park_reused(unit, self.name, envelope).await?;
                    continue;
                }
                _ => {}
            }
            let consumed = versions.consumed(envelope);
            match Step::of(envelope.version, *consumed) {
                Step::Stale => {}
                Step::Next => {
                    let span = if alone { tracing::Span::current() } else { linked_span(self.name, envelope, batch) };
                    self.planted_death(envelope);
                    handle::<H>(unit, envelope, &span).await?;
                    *consumed = envelope.version;
                }
                Step::Gap => {
                    store::hold(unit, self.name, envelope).await?;
                    held = true;
                }
            }
        }
        versions.save(unit, self.name).await?;
        Ok(held)
    }
}

impl Consumer {
    fn planted_death(&self, envelope: &Envelope) {
        if envelope.type_name.ends_with(".cancelled.v1") {
            self.planted.die(Fault::DieOfCancelled);
        }
    }
}

/// The body is larger than any event of ours.
pub(super) fn too_large() -> Error {
    Error::new(Kind::InvalidArgument, "BODY_TOO_LARGE", "the body is larger than any event")
}

/// Hands one message to the service; what it emits stands under the message's span.
pub(super) async fn handle<H: Handler>(unit: &mut Unit<'_>, envelope: &Envelope, span: &tracing::Span) -> Result<()> {
    let refused = |reason, message| Err(Error::new(Kind::InvalidArgument, reason, message));
    if envelope.payload.len() > MAX_BODY {
        return Err(too_large());
    }
    let event = match Event::decode(&envelope.type_name, &envelope.payload) {
        Ok(event) => event,
        Err(Undecoded::Unknown) => return Ok(()),
        // Passed over, its effect would be lost for good; parked, it can be replayed by a later version of this program.
        Err(Undecoded::OtherVersion) => {
            return refused("TYPE_VERSION_UNKNOWN", "the type is known in other versions alone");
        }
        Err(Undecoded::Body(_)) => return refused("BODY_UNREADABLE", "the body is not one of its type"),
    };
    unit.follow_trace(Some(span.context()));
    // The span is not entered: the SQL of a batch belongs to the batch's trace.
    let done = H::consume(unit, &event, envelope).await;
    unit.follow_trace(None);
    done.inspect_err(|error| fail(span, error))
}

/// Marks a span as failed, so that its trace is kept. The error's words are in the log: they may quote what others sent.
fn fail(span: &tracing::Span, error: &Error) {
    span.set_attribute("error.type", error.reason);
    span.set_status(Status::error(""));
}

/// A CONSUMER span under the message's own trace, by OpenTelemetry's names for messaging.
pub(super) fn process_span(consumer: &str, envelope: &Envelope) -> tracing::Span {
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {}", envelope.type_name),
        otel.kind = ?SpanKind::Consumer,
        messaging.system = "rabbitmq",
        messaging.operation.type = "process",
        messaging.operation.name = "process",
        messaging.destination.name = envelope.type_name,
        messaging.consumer.group.name = consumer,
        messaging.message.id = %envelope.id,
    );
    propagation::follow(&span, &envelope.trace);
    span
}

/// The span of a batch's transaction, in a trace of its own.
fn batch_span(consumer: &str, messages: usize) -> tracing::Span {
    tracing::info_span!(
        parent: None,
        "process batch",
        otel.kind = ?SpanKind::Consumer,
        messaging.system = "rabbitmq",
        messaging.operation.type = "process",
        messaging.operation.name = "process batch",
        messaging.batch.message_count = messages,
        messaging.consumer.group.name = consumer,
    )
}

/// A span for what is done with a message besides processing it, in the message's trace.
pub(super) fn aside_span(what: &'static str, envelope: &Envelope) -> tracing::Span {
    let span = tracing::info_span!("aside", otel.name = what, messaging.message.id = %envelope.id);
    propagation::follow(&span, &envelope.trace);
    span
}

fn linked_span(consumer: &str, envelope: &Envelope, batch: &Context) -> tracing::Span {
    let span = process_span(consumer, envelope);
    span.add_link(batch.span().span_context().clone());
    span
}

/// A held message, applied on its own.
impl Consumer {
    pub(super) async fn apply_held<H: Handler>(&self, held: Envelope) -> Result<()> {
        let consumer = self.clone();
        let span = process_span(self.name, &held);
        let work = async move {
            let mut unit = consumer.database.open().await?;
            match consumer.fill_held::<H>(&mut unit, &held).instrument(tracing::Span::current()).await {
                Ok(()) => consumer.database.finish(unit).await,
                Err(error) => {
                    unit.roll_back().await;
                    Err(error)
                }
            }
        };
        self.database.detached(span, work).await
    }

    async fn fill_held<H: Handler>(&self, unit: &mut Unit<'_>, held: &Envelope) -> Result<()> {
        let one = std::slice::from_ref(held);
        let mut versions = Versions::lock(unit, self.name, one).await?;
        let consumed = versions.consumed(held);
        let step = Step::of(held.version, *consumed);
        // Another instance may have been faster: then it is not there any more.
        let ours = step != Step::Gap && store::release(unit, self.name, held.id).await?;
        if ours && step == Step::Next {
            self.planted_death(held);
            handle::<H>(unit, held, &tracing::Span::current()).await?;
            *consumed = held.version;
        }
        versions.save(unit, self.name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_applied_in_order() {
        assert_eq!(Step::of(1, 0), Step::Next);
        assert_eq!(Step::of(3, 3), Step::Stale);
        assert_eq!(Step::of(1, 3), Step::Stale);
        assert_eq!(Step::of(5, 3), Step::Gap);
    }
}
