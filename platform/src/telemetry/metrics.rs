//! Metrics of messages and of what is still to be done, by OpenTelemetry's names where it has one, else under `relais.`.
//!
//! Counters are fed where things happen; gauges by [`keep_sampling`], which asks database and broker for the same figures
//! that `GetBacklog` answers with.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge, Histogram, Meter},
};

use crate::{
    Context, Service,
    figures::{Figures, QueueFigures},
    settings::millis,
};

/// A service's own figures are told with every so manieth sample: they cost more, and change less.
const OWN_EVERY: u64 = 6;

/// Counters of messages.
pub(crate) struct Messages {
    sent: Counter<u64>,
    consumed: Counter<u64>,
    processing: Histogram<f64>,
    failed: Counter<u64>,
    parked: Counter<u64>,
}

/// What a consumer did with messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// Held back for another attempt.
    Held,
    /// Given up.
    Parked,
}

impl Failure {
    fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Parked => "parked",
        }
    }
}

static MESSAGES: LazyLock<Messages> = LazyLock::new(|| {
    let meter = global::meter("relais");
    Messages {
        sent: meter.u64_counter("messaging.client.sent.messages").with_unit("{message}").build(),
        consumed: meter.u64_counter("messaging.client.consumed.messages").with_unit("{message}").build(),
        processing: meter.f64_histogram("messaging.process.duration").with_unit("s").build(),
        failed: meter.u64_counter("relais.consumer.failures").with_unit("{message}").build(),
        parked: meter.u64_counter("relais.consumer.parked").with_unit("{message}").build(),
    }
});

/// The relay published `messages` of which each was confirmed as routed.
pub(crate) fn sent(messages: usize) {
    MESSAGES.sent.add(messages as u64, &[KeyValue::new("messaging.system", "rabbitmq")]);
}

/// A consumer was done with a batch of `messages` after this time.
pub(crate) fn consumed(consumer: &'static str, messages: usize, took: Duration) {
    let attributes =
        [KeyValue::new("messaging.system", "rabbitmq"), KeyValue::new("messaging.consumer.group.name", consumer)];
    MESSAGES.consumed.add(messages as u64, &attributes);
    MESSAGES.processing.record(took.as_secs_f64(), &attributes);
}

/// A message failed.
pub(crate) fn failed(consumer: &'static str, what: Failure, reason: &str) {
    let attributes = [
        KeyValue::new("messaging.consumer.group.name", consumer),
        KeyValue::new("relais.outcome", what.name()),
        KeyValue::new("error.type", reason.to_string()),
    ];
    MESSAGES.failed.add(1, &attributes);
}

/// So many messages were given up, for this cause.
pub(crate) fn parked(consumer: &str, cause: &'static str, messages: u64) {
    let attributes = [
        KeyValue::new("messaging.consumer.group.name", consumer.to_string()),
        KeyValue::new("relais.parked.cause", cause),
    ];
    MESSAGES.parked.add(messages, &attributes);
}

static REFUSALS: LazyLock<Counter<u64>> =
    LazyLock::new(|| global::meter("relais").u64_counter("relais.admission.refusals").with_unit("{refusal}").build());

/// What was submitted was not admitted: each rule that failed, by its code. Rules are a dozen; who was refused is in no metric.
pub(super) fn not_admitted(rules: impl Iterator<Item = String>) {
    for rule in rules {
        REFUSALS.add(1, &[KeyValue::new("relais.rule", rule)]);
    }
}

static NEAR_LIMIT: LazyLock<Gauge<i64>> =
    LazyLock::new(|| global::meter("relais").i64_gauge("relais.meter.near_limit").with_unit("{meter}").build());

/// Meters by the percentage that they have reached. Whose they are is in no metric.
pub(super) fn near_limit(near: i64, full: i64) {
    for (threshold, meters) in [("90", near), ("100", full)] {
        NEAR_LIMIT.record(meters, &[KeyValue::new("relais.threshold", threshold)]);
    }
}

/// The last sample; figures are kept while the broker is away, and the other way round.
#[derive(Default)]
struct Sample {
    figures: Option<Figures>,
    queues: Vec<QueueFigures>,
    leads: bool,
}

/// Samples figures for the gauges, again and again; ends with its task.
pub(crate) async fn keep_sampling<S: Service>(context: Context) {
    let sample = Arc::new(Mutex::new(Sample::default()));
    gauges(&global::meter("relais"), &sample);
    for round in 0_u64.. {
        if round.is_multiple_of(OWN_EVERY)
            && let Err(error) = S::tell_figures(&context.database, context.clock.now()).await
        {
            tracing::warn!(%error, "the service's own figures are told later");
        }
        let figures = context.database.figures(context.clock.now()).await.ok();
        let queues = context.queues().await.told;
        *lock(&sample) = Sample { figures, queues, leads: context.lead.is_ours() };
        tokio::time::sleep(millis(context.settings.telemetry.metrics_interval_ms)).await;
    }
}

fn lock(sample: &Mutex<Sample>) -> std::sync::MutexGuard<'_, Sample> {
    sample.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gauges(meter: &Meter, sample: &Arc<Mutex<Sample>>) {
    gauge(meter, sample, "relais.outbox.messages", "{message}", |figures| figures.outbox as f64);
    gauge(meter, sample, "relais.outbox.lag", "s", |figures| figures.outbox_lag.as_secs_f64());
    gauge(meter, sample, "relais.retry.messages", "{message}", |figures| figures.retry as f64);
    gauge(meter, sample, "relais.retry.lag", "s", |figures| figures.retry_lag.as_secs_f64());
    gauge(meter, sample, "relais.parked.messages", "{message}", |figures| figures.parked as f64);
    gauge(meter, sample, "relais.timers.due", "{timer}", |figures| figures.timers_due as f64);
    gauge(meter, sample, "relais.audit.unsealed.rows", "{row}", |figures| figures.unsealed as f64);
    gauge(meter, sample, "relais.audit.unsealed.lag", "s", |figures| figures.unsealed_lag.as_secs_f64());
    let seen = sample.clone();
    meter
        .u64_observable_gauge("relais.relay.leads")
        .with_callback(move |observer| observer.observe(lock(&seen).leads.into(), &[]))
        .build();
    queue_gauge(meter, sample, "relais.queue.messages", "{message}", |queue| queue.messages);
    queue_gauge(meter, sample, "relais.queue.consumers", "{consumer}", |queue| queue.consumers);
}

fn queue_gauge(
    meter: &Meter,
    sample: &Arc<Mutex<Sample>>,
    name: &'static str,
    unit: &'static str,
    value: impl Fn(&QueueFigures) -> u32 + Send + Sync + 'static,
) {
    let seen = sample.clone();
    let observe = move |observer: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
        for queue in &lock(&seen).queues {
            observer.observe(value(queue).into(), &[KeyValue::new("messaging.destination.name", queue.queue.clone())]);
        }
    };
    meter.u64_observable_gauge(name).with_unit(unit).with_callback(observe).build();
}

fn gauge(
    meter: &Meter,
    sample: &Arc<Mutex<Sample>>,
    name: &'static str,
    unit: &'static str,
    value: impl Fn(&Figures) -> f64 + Send + Sync + 'static,
) {
    let seen = sample.clone();
    let observe = move |observer: &dyn opentelemetry::metrics::AsyncInstrument<f64>| {
        if let Some(figures) = &lock(&seen).figures {
            observer.observe(value(figures), &[]);
        }
    };
    meter.f64_observable_gauge(name).with_unit(unit).with_callback(observe).build();
}
