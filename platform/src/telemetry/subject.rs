//! What a trace is about: every span of a referral carries its number.
//!
//! The number travels as baggage and is copied onto each span as it starts, so SQL spans, publishing and the other
//! services have it without knowing of it. It is an identifier people may say aloud, not health data.

use std::time::Duration;

use opentelemetry::{Context, KeyValue, baggage::BaggageExt, trace::Span as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The attribute and the baggage entry.
pub const REFERRAL_NUMBER: &str = "referral.number";

/// A context with the number for all spans below.
pub fn about(context: &Context, number: &str) -> Context {
    context.with_baggage([KeyValue::new(REFERRAL_NUMBER, number.to_string())])
}

/// Whether spans below have this number already.
pub fn is_about(context: &Context, number: &str) -> bool {
    context.baggage().get(REFERRAL_NUMBER).is_some_and(|known| known.as_str() == number)
}

/// Puts the number on a span.
pub fn mark(span: &tracing::Span, number: &str) {
    span.set_attribute(REFERRAL_NUMBER, number.to_string());
}

/// Copies the number from baggage onto each span as it starts.
#[derive(Debug)]
pub(super) struct Processor;

impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(number) = context.baggage().get(REFERRAL_NUMBER) {
            span.set_attribute(KeyValue::new(REFERRAL_NUMBER, number.to_string()));
        }
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
