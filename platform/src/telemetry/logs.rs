//! Log lines that carry the trace's id.

use std::fmt;

use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::clock::machine_now;

/// One JSON object a line: time, level, target, trace_id, span_id and the event's fields.
pub(super) struct Json;

/// One readable line: time, level, target, message and fields, trace_id last.
pub(super) struct Text;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let mut line = Map::new();
        line.insert("time".into(), machine_now().to_rfc3339().into());
        line.insert("level".into(), meta.level().as_str().into());
        line.insert("target".into(), meta.target().into());
        if let Some((trace, span)) = ids() {
            line.insert("trace_id".into(), trace.into());
            line.insert("span_id".into(), span.into());
        }
        line.extend(fields.0);
        writeln!(writer, "{}", Value::Object(line))
    }
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.remove("message");
        let meta = event.metadata();
        let time = machine_now().format("%H:%M:%S%.3f");
        write!(writer, "{time} {:>5} {}: ", meta.level(), meta.target())?;
        write!(writer, "{}", message.as_ref().and_then(Value::as_str).unwrap_or(""))?;
        for (key, value) in &fields.0 {
            write!(writer, " {key}={value}")?;
        }
        match ids() {
            Some((trace, _)) => writeln!(writer, " trace_id={trace}"),
            None => writeln!(writer),
        }
    }
}

fn ids() -> Option<(String, String)> {
    let context = opentelemetry::Context::current();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| (span.trace_id().to_string(), span.span_id().to_string()))
}

/// The fields of an event as JSON values. serde_json escapes control characters, so no line can be forged.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").escape_default().to_string().into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, PoisonError},
    };

    use opentelemetry::{
        Context,
        trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState},
    };
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of `logging`, in a trace.
    fn written<E>(format: E, logging: impl FnOnce()) -> String
    where
        E: FormatEvent<tracing_subscriber::Registry, tracing_subscriber::fmt::format::DefaultFields>
            + Send
            + Sync
            + 'static,
    {
        let sink = Sink::default();
        let into = sink.clone();
        let lines = tracing_subscriber::fmt::layer().event_format(format).with_writer(move || into.clone());
        let trace = TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        let (span, state) = (SpanId::from(0x00f0_67aa_0ba9_02b7), TraceState::NONE);
        let parent = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, state);
        let _within = Context::new().with_remote_span_context(parent).attach();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), logging);
        let bytes = sink.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("text")
    }

    /// What somebody sent who would like to write the log himself.
    const FORGED: &str = "said\n{\"level\":\"ERROR\",\"trace_id\":\"0\"}\r\n\u{1b}[2J\u{2028}\"}";

    fn log() {
        let error = anyhow::anyhow!("{FORGED}");
        tracing::warn!(said = FORGED, %error, shown = ?FORGED, count = 3, "as it came: {FORGED}");
    }

    #[test]
    fn a_line_is_one_object_with_the_ids_of_its_trace_whatever_stands_in_it() {
        let text = written(Json, log);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with('\n') && !text.trim_end().contains(char::is_control), "{text:?}");
        let line: Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(line["span_id"], "00f067aa0ba902b7");
        assert_eq!((&line["level"], &line["said"], &line["count"]), (&"WARN".into(), &FORGED.into(), &3.into()));
        assert!(line["message"].as_str().is_some_and(|message| message.starts_with("as it came: said")), "{line}");
    }

    #[test]
    fn a_line_for_people_is_one_line_too() {
        let text = written(Text, log);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.trim_end().contains(char::is_control), "{text:?}");
        assert!(text.ends_with("trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n"), "{text}");
    }
}
