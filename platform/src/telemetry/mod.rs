//! Logs, traces and metrics from the first call: `tracing` inside, OTLP and log lines outside.
//!
//! Every log line carries the trace's id. Every span of a referral carries its number, see [`subject`].

pub(crate) mod calls;
mod logs;
pub(crate) mod metrics;
mod peer;
pub mod propagation;
mod rpc;
pub mod subject;

pub use peer::Peer;

use std::{
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{KeyValue, global, propagation::TextMapCompositePropagator, trace::TracerProvider};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::{Aggregation, Instrument, InstrumentKind, PeriodicReader, SdkMeterProvider, Stream},
    propagation::{BaggagePropagator, TraceContextPropagator},
    trace::{BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogFormat, Telemetry};

/// Counts an answer that says that something is not admitted, by the rules that it names.
pub fn not_admitted(refusal: &crate::Error) {
    metrics::not_admitted(refusal.violations.iter().map(|violation| violation.subject.clone()));
}

/// So many firm meters of running periods have 90 % or more of what they commit taken, and so many all of it.
pub fn near_limit(near: i64, full: i64) {
    metrics::near_limit(near, full);
}

/// This process's name among the instances of its service.
static INSTANCE: LazyLock<String> = LazyLock::new(|| uuid::Uuid::now_v7().to_string());

/// How long the last spans and metrics may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What must be kept until the end, so that the last spans leave.
#[derive(Debug)]
pub struct Guard {
    provider: SdkTracerProvider,
    meters: SdkMeterProvider,
}

impl Guard {
    /// Sends what is still held, within a second. Called once, at the very end. In threads of its own: the SDK's readers of metrics
    /// know no time-out, and wait as long as a receiver that is silent makes an export wait.
    pub fn shut_down(self) {
        let (spans, ended) = mpsc::channel();
        let metrics = spans.clone();
        let Self { provider, meters } = self;
        // Who listens may have gone: then nobody wants to know.
        thread::spawn(move || drop(spans.send(("spans", provider.shutdown_with_timeout(LAST_WORDS)))));
        thread::spawn(move || drop(metrics.send(("metrics", meters.shutdown_with_timeout(LAST_WORDS)))));
        let until = Instant::now() + LAST_WORDS;
        for _ in 0..2 {
            match ended.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((_, Ok(()))) => {}
                Ok((what, Err(error))) => tracing::warn!(%error, "the last {what} may not have been sent"),
                Err(_) => return tracing::warn!("the last spans and metrics may not have been sent: nobody took them"),
            }
        }
    }
}

/// Sets up propagation, spans, metrics and log lines for the process.
///
/// # Errors
/// When the exporter's address is not one, or a subscriber is there already.
pub fn start(service: &'static str, settings: &Telemetry) -> anyhow::Result<Guard> {
    global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ]));
    let provider = provider(service, settings)?;
    global::set_tracer_provider(provider.clone());
    let meters = meters(service, settings)?;
    global::set_meter_provider(meters.clone());

    let filter = EnvFilter::try_new(&settings.filter)?;
    let lines = match settings.log_format {
        LogFormat::Json => tracing_subscriber::fmt::layer().event_format(logs::Json).boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer().event_format(logs::Text).boxed(),
    };
    let lines = lines.with_filter(tracing_subscriber::filter::filter_fn(|meta| !meta.is_span()));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("relais"))
        .with_error_events_to_status(false)
        .with_location(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_threads(false);
    tracing_subscriber::registry().with(filter).with(spans).with(lines).try_init()?;
    Ok(Guard { provider, meters })
}

fn resource(service: &'static str) -> Resource {
    Resource::builder()
        .with_service_name(format!("relais-{service}"))
        .with_attribute(KeyValue::new("service.namespace", "relais"))
        // Instances of a service are told apart, or their metrics overwrite each other.
        .with_attribute(KeyValue::new("service.instance.id", INSTANCE.clone()))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Bounds of histograms in seconds, as OpenTelemetry advises; the SDK's own are made for milliseconds.
fn in_seconds(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram || instrument.unit() != "s" {
        return None;
    }
    let boundaries = vec![0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
    let aggregation = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

fn meters(service: &'static str, settings: &Telemetry) -> anyhow::Result<SdkMeterProvider> {
    let mut builder = SdkMeterProvider::builder().with_resource(resource(service)).with_view(in_seconds);
    if !settings.otlp_endpoint.is_empty() {
        let exporter = MetricExporter::builder().with_tonic().with_endpoint(&settings.otlp_endpoint).build()?;
        let interval = crate::settings::millis(settings.metrics_interval_ms);
        builder = builder.with_reader(PeriodicReader::builder(exporter).with_interval(interval).build());
    }
    Ok(builder.build())
}

fn provider(service: &'static str, settings: &Telemetry) -> anyhow::Result<SdkTracerProvider> {
    let mut builder = SdkTracerProvider::builder().with_resource(resource(service));
    if !settings.otlp_endpoint.is_empty() {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(&settings.otlp_endpoint).build()?;
        let batches = BatchSpanProcessor::builder(exporter).build();
        // What a caller decided stands; errors and slow ones are known only at the end, see deploy/jaeger.
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
        builder = builder.with_sampler(sampler).with_span_processor(subject::Numbered::new(batches));
    } else {
        // Nobody gets them: ids and contexts travel on, what a caller wants kept stays marked so, nothing else is recorded.
        builder = builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)));
    }
    Ok(builder.build())
}
