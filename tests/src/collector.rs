//! An OTLP receiver that keeps the spans and metrics it gets, so that tests can look at them as an operator would.

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data, number_data_point},
    trace::v1::Span,
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// A span as it arrived.
#[derive(Debug, Clone)]
pub struct SeenSpan {
    /// The service that sent it.
    pub service: String,
    /// The span.
    pub span: Span,
}

impl SeenSpan {
    /// A text attribute.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        text(&self.span.attributes, key)
    }

    /// Whether there is an attribute, of whatever type.
    pub fn has(&self, key: &str) -> bool {
        self.span.attributes.iter().any(|attribute| attribute.key == key)
    }

    /// Its trace, in hexadecimal.
    pub fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    /// Its own id.
    pub fn id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// The span above it; empty for a root.
    pub fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    /// The traces that it is linked to.
    pub fn linked(&self) -> Vec<String> {
        self.span.links.iter().map(|link| hex(&link.trace_id)).collect()
    }
}

/// The last value of a metric as it arrived: of a gauge or a sum; of a histogram, how often it was recorded.
#[derive(Debug, Clone)]
pub struct SeenMetric {
    /// The service that sent it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// The sum over its attributes.
    pub value: f64,
}

/// Receives and keeps spans and metrics.
#[derive(Clone)]
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<SeenSpan>>>,
    metrics: Arc<Mutex<Vec<SeenMetric>>>,
    /// The last of each metric, as text with all its attributes.
    figures: Arc<Mutex<HashMap<(String, String), String>>>,
}

struct Receiver(Arc<Mutex<Vec<SeenSpan>>>);
struct MetricReceiver(Arc<Mutex<Vec<SeenMetric>>>, Arc<Mutex<HashMap<(String, String), String>>>);

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (seen, metrics, figures) = (Arc::default(), Arc::default(), Arc::default());
        let spans = TraceServiceServer::new(Receiver(Arc::clone(&seen)));
        let numbers = MetricsServiceServer::new(MetricReceiver(Arc::clone(&metrics), Arc::clone(&figures)));
        let server = Server::builder().add_service(spans).add_service(numbers);
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Ok(Self { address, seen, metrics, figures })
    }

    /// The last value of a service's metric.
    pub fn metric(&self, service: &str, name: &str) -> Option<f64> {
        let metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        let found = metrics.iter().rev().find(|seen| seen.service == service && seen.name == name);
        found.map(|seen| seen.value)
    }

    /// The names of all metrics so far.
    pub fn names(&self) -> BTreeSet<String> {
        let metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        metrics.iter().map(|seen| seen.name.clone()).collect()
    }

    /// The last of all metrics, with all their attributes, as text.
    pub fn figures(&self) -> String {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The spans of a trace, by its id in hexadecimal.
    pub fn trace(&self, id: &str) -> Vec<SeenSpan> {
        self.all().into_iter().filter(|seen| hex(&seen.span.trace_id) == id).collect()
    }

    /// All spans so far.
    pub fn all(&self) -> Vec<SeenSpan> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service = text(&attributes, "service.name").unwrap_or_default().to_string();
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            seen.extend(spans.map(|span| SeenSpan { service: service.clone(), span }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for MetricReceiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_metrics {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service = text(&attributes, "service.name").unwrap_or_default().to_string();
            let metrics: Vec<_> = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics).collect();
            let mut figures = self.1.lock().unwrap_or_else(PoisonError::into_inner);
            figures.extend(metrics.iter().map(|m| ((service.clone(), m.name.clone()), format!("{m:?}"))));
            drop(figures);
            seen.extend(metrics.into_iter().map(|metric| SeenMetric {
                service: service.clone(),
                value: value(&metric),
                name: metric.name,
            }));
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn value(metric: &Metric) -> f64 {
    let points = match &metric.data {
        Some(Data::Gauge(gauge)) => &gauge.data_points,
        Some(Data::Sum(sum)) => &sum.data_points,
        Some(Data::Histogram(histogram)) => {
            return histogram.data_points.iter().map(|point| point.count as f64).sum();
        }
        _ => return 0.0,
    };
    let number = |value| match value {
        Some(number_data_point::Value::AsInt(value)) => value as f64,
        Some(number_data_point::Value::AsDouble(value)) => value,
        None => 0.0,
    };
    points.iter().map(|point| number(point.value)).sum()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
