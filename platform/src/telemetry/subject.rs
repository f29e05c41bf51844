//! What a trace is about: every span of a referral carries its number.
//!
//! The number travels as baggage and is copied onto each span, so SQL spans, publishing and the other services have it without
//! knowing of it. It is an identifier people may say aloud, not health data.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::{
    Context, KeyValue, Value,
    baggage::BaggageExt,
    trace::{Span as _, TraceContextExt, TraceId},
};
use opentelemetry_sdk::{
    Resource,
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

/// Puts the number on the span of a context.
pub fn mark_span_of(context: &Context, number: &str) {
    context.span().set_attribute(KeyValue::new(REFERRAL_NUMBER, number.to_string()));
}

/// Puts the number on each span of a trace, before it goes on to be sent.
///
/// Where the number is known from the start, it comes with the baggage. Where a row had to be read first, spans have ended that
/// know nothing of it: so those of a trace wait here until none of it is open in this process any more.
#[derive(Debug)]
pub(super) struct Numbered<P> {
    inner: P,
    traces: Mutex<HashMap<TraceId, Waiting>>,
}

/// Of a trace: how many spans are open, and those that have ended.
#[derive(Debug)]
struct Waiting {
    open: usize,
    ended: Vec<SpanData>,
    since: Instant,
}

/// An open stream keeps its span open for hours: what belongs to it does not wait for its end.
const LONGEST: Duration = Duration::from_secs(5);
const MOST: usize = 128;

impl<P: SpanProcessor> Numbered<P> {
    pub fn new(inner: P) -> Self {
        Self { inner, traces: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TraceId, Waiting>> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, mut spans: Vec<SpanData>) {
        number_all(&mut spans);
        spans.into_iter().for_each(|span| self.inner.on_end(span));
    }

    fn send_all(&self) {
        let waiting: Vec<_> = self.lock().values_mut().map(Waiting::take).collect();
        waiting.into_iter().for_each(|spans| self.send(spans));
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<SpanData> {
        self.since = Instant::now();
        std::mem::take(&mut self.ended)
    }
}

impl<P: SpanProcessor> SpanProcessor for Numbered<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(number) = context.baggage().get(REFERRAL_NUMBER) {
            span.set_attribute(KeyValue::new(REFERRAL_NUMBER, number.to_string()));
        }
        let none = || Waiting { open: 0, ended: Vec::new(), since: Instant::now() };
        self.lock().entry(span.span_context().trace_id()).or_insert_with(none).open += 1;
    }

    fn on_end(&self, span: SpanData) {
        let trace = span.span_context.trace_id();
        let mut traces = self.lock();
        let Some(waiting) = traces.get_mut(&trace) else { return };
        waiting.ended.push(span);
        waiting.open = waiting.open.saturating_sub(1);
        if waiting.open > 0 && waiting.ended.len() < MOST && waiting.since.elapsed() < LONGEST {
            return;
        }
        let spans = waiting.take();
        if waiting.open == 0 {
            traces.remove(&trace);
        }
        drop(traces);
        self.send(spans);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.send_all();
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.send_all();
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Puts the number that some of them have on all; a trace of several referrals is left as it is.
fn number_all(spans: &mut [SpanData]) {
    let mut numbers = spans.iter().filter_map(number);
    let Some(one) = numbers.next().cloned() else { return };
    if numbers.any(|other| *other != one) {
        return;
    }
    for span in spans.iter_mut().filter(|span| number(span).is_none()) {
        span.attributes.push(KeyValue::new(REFERRAL_NUMBER, one.clone()));
    }
}

fn number(span: &SpanData) -> Option<&Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == REFERRAL_NUMBER).map(|attribute| &attribute.value)
}
