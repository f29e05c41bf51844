//! Calls to other services: each is a span in the trace of whoever asks, and takes that trace along.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use opentelemetry::trace::SpanKind;
use tonic::{
    body::Body,
    transport::{Channel, Error},
};
use tower::Service;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use url::Url;

use super::{propagation, rpc};

/// The way to another service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Peer {
    channel: Channel,
    host: String,
    port: Option<u16>,
}

impl Peer {
    /// Calls over `channel`, which leads to the URL `address`.
    pub(crate) fn new(channel: Channel, address: &str) -> Self {
        let url = Url::parse(address).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().to_string();
        Self { channel, host, port: url.and_then(|url| url.port_or_known_default()) }
    }

    fn span(&self, method: &str) -> tracing::Span {
        let span = rpc::span(method, &SpanKind::Client);
        span.record("server.address", &self.host);
        if let Some(port) = self.port {
            span.record("server.port", port);
        }
        span
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

impl Service<Request<Body>> for Peer {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let span = self.span(request.uri().path().trim_start_matches('/'));
        propagation::inject_headers(&span.context(), request.headers_mut());
        let (answer, ended) = (span.in_scope(|| self.channel.call(request)), span.clone());
        let asking = async move {
            let answer = answer.await;
            let code = answer.as_ref().map_or("UNAVAILABLE", |answer| rpc::code(answer.headers()));
            rpc::end(&ended, code, code != "OK");
            answer
        };
        Box::pin(asking.instrument(span))
    }
}
