//! Publishing a batch: all is written, then all confirms are awaited, and each message is judged by its own id.
//!
//! A broker confirms what it could not route, too: it returns the message first. lapin hands that return to whichever
//! confirm resolves next, which may be another message's. So returns are collected from all confirms and matched by
//! message id; every return comes before its own confirm, so none is missing when all confirms are there.

use std::collections::HashSet;

use anyhow::bail;
use futures::future::try_join_all;
use lapin::{Channel, Confirmation, message::BasicReturnMessage, options::BasicPublishOptions};
use opentelemetry::trace::{SpanKind, Status};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use crate::{
    broker::envelope::Envelope,
    planted::{Bug, Planted},
    telemetry::propagation,
};

/// Publishes persistent and mandatory; answers with the ids of those that no queue is proven to have.
///
/// # Errors
/// When the channel breaks: then nothing is proven.
pub(super) async fn publish(
    channel: &Channel,
    exchange: &str,
    batch: &[Envelope],
    planted: Planted,
) -> anyhow::Result<Vec<Uuid>> {
    let mut confirms = Vec::with_capacity(batch.len());
    for envelope in batch {
        let span = send_span(exchange, envelope);
        let properties = envelope.properties(&propagation::inject(&span.context()));
        let publish = channel.basic_publish(
            exchange.into(),
            envelope.type_name.as_str().into(),
            BasicPublishOptions { mandatory: true, ..Default::default() },
            &envelope.payload,
            properties,
        );
        let confirm = publish.instrument(span.clone()).await?;
        confirms.push(async move { anyhow::Ok(Verdict::of(envelope.id, confirm.await?, &span)) });
    }
    if planted.has(Bug::NoConfirm) {
        return Ok(Vec::new());
    }
    let verdicts = try_join_all(confirms).await?;
    if verdicts.iter().any(|verdict| verdict.unasked) {
        bail!("the channel does not confirm");
    }
    if planted.has(Bug::ReturnIsSuccess) {
        return Ok(Vec::new());
    }
    Ok(unproven(&verdicts))
}

/// What one confirm says.
struct Verdict {
    id: Uuid,
    /// The broker took it, routed or not.
    taken: bool,
    /// The channel was not asked for confirms.
    unasked: bool,
    /// A message that came back, this one or another.
    returned: Option<Uuid>,
}

impl Verdict {
    fn of(id: Uuid, confirmation: Confirmation, span: &tracing::Span) -> Self {
        let (taken, returned) = match &confirmation {
            Confirmation::Ack(returned) => (true, returned.as_ref()),
            Confirmation::Nack(returned) => (false, returned.as_ref()),
            Confirmation::NotRequested => (false, None),
        };
        let unasked = matches!(confirmation, Confirmation::NotRequested);
        if !taken {
            span.set_attribute("error.type", "refused");
            span.set_status(Status::error("refused by the broker"));
        }
        Self { id, taken, unasked, returned: returned.map(|message| returned_id(message, id)) }
    }
}

/// The id of a message that came back. One without an id of ours cannot be: then the confirm's own is meant.
fn returned_id(message: &BasicReturnMessage, confirmed: Uuid) -> Uuid {
    let id = message.delivery.properties.message_id().as_ref();
    let id = id.and_then(|id| Uuid::try_parse(id.as_str()).ok()).unwrap_or(confirmed);
    tracing::warn!(message.id = %id, reason = message.reply_text.as_str(), "a message was returned");
    id
}

fn unproven(verdicts: &[Verdict]) -> Vec<Uuid> {
    let returned: HashSet<Uuid> = verdicts.iter().filter_map(|verdict| verdict.returned).collect();
    let lost = verdicts.iter().filter(|verdict| !verdict.taken || returned.contains(&verdict.id));
    lost.map(|verdict| verdict.id).collect()
}

/// A PRODUCER span under the trace of the change, by OpenTelemetry's names for messaging.
fn send_span(exchange: &str, envelope: &Envelope) -> tracing::Span {
    let destination = format!("{exchange}:{}", envelope.type_name);
    let span = tracing::info_span!(
        "publish",
        otel.name = format!("publish {destination}"),
        otel.kind = ?SpanKind::Producer,
        messaging.system = "rabbitmq",
        messaging.operation.type = "send",
        messaging.operation.name = "publish",
        messaging.destination.name = destination,
        messaging.rabbitmq.destination.routing_key = envelope.type_name,
        messaging.message.id = %envelope.id,
    );
    propagation::follow(&span, &envelope.trace);
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(id: u128, taken: bool, returned: Option<u128>) -> Verdict {
        Verdict { id: Uuid::from_u128(id), taken, unasked: false, returned: returned.map(Uuid::from_u128) }
    }

    #[test]
    fn a_return_is_matched_by_its_id_whichever_confirm_brings_it() {
        let verdicts = [verdict(1, true, Some(3)), verdict(2, true, None), verdict(3, true, None)];
        assert_eq!(unproven(&verdicts), [Uuid::from_u128(3)]);
    }

    #[test]
    fn only_an_acknowledgement_proves() {
        let verdicts = [verdict(1, false, None), verdict(2, true, None)];
        assert_eq!(unproven(&verdicts), [Uuid::from_u128(1)]);
    }
}
