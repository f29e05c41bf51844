//! A trace's context on its way: as a small JSON object in an outbox row and in message headers, and in the headers of a call.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector},
};
use serde_json::{Map, Value};
use tracing_opentelemetry::OpenTelemetrySpanExt;

struct Carrier<'a>(&'a mut Map<String, Value>);

impl Injector for Carrier<'_> {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.into(), value.into());
    }
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(key, value);
        }
    }
}

struct HeaderReader<'a>(&'a HeaderMap);

impl Extractor for HeaderReader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Reader<'a>(&'a Map<String, Value>);

impl Extractor for Reader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// The context as `traceparent`, `tracestate` and `baggage`.
pub fn inject(context: &Context) -> Value {
    let mut map = Map::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut Carrier(&mut map)));
    Value::Object(map)
}

/// The context of [`inject`]; an empty one when there is none.
pub fn extract(carrier: &Value) -> Context {
    match carrier {
        Value::Object(map) => {
            global::get_text_map_propagator(|p| p.extract_with_context(&Context::new(), &Reader(map)))
        }
        _ => Context::new(),
    }
}

/// Puts a span under a context that was kept, or leaves it a root where there was none. For spans that have not begun.
pub fn follow(span: &tracing::Span, carrier: &Value) {
    // A parent is refused only for a span that has begun.
    let _ = span.set_parent(extract(carrier));
}

/// The context into the headers of a call.
pub(super) fn inject_headers(context: &Context, headers: &mut HeaderMap) {
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut Headers(headers)));
}

/// The context in the headers of a call.
pub(super) fn extract_headers(headers: &HeaderMap) -> Context {
    global::get_text_map_propagator(|p| p.extract_with_context(&Context::new(), &HeaderReader(headers)))
}
