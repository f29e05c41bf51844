//! A trace's context as a small JSON object: how it lies in an outbox row and travels in message headers.

use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector},
};
use serde_json::{Map, Value};

struct Carrier<'a>(&'a mut Map<String, Value>);

impl Injector for Carrier<'_> {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.into(), value.into());
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
