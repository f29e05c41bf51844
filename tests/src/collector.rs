//! An OTLP receiver that keeps the spans it gets, so that tests can look at traces as an operator would.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
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
}

/// Receives and keeps spans.
#[derive(Clone)]
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<SeenSpan>>>,
}

struct Receiver(Arc<Mutex<Vec<SeenSpan>>>);

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Arc::default();
        let server = TraceServiceServer::new(Receiver(Arc::clone(&seen)));
        tokio::spawn(Server::builder().add_service(server).serve_with_incoming(TcpIncoming::from(listener)));
        Ok(Self { address, seen })
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
