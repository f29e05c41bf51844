//! How many calls, how they end, how long they take: `rpc.server.call.duration`, by method and status; and a span for each.
//!
//! Measured to the head of the answer: a stream's later end is not in it. A caller who goes away counts as CANCELLED; a call whose
//! time is over as DEADLINE_EXCEEDED.

use std::{
    collections::HashSet,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderMap, Request, Response};
use opentelemetry::{KeyValue, global, metrics::Histogram, trace::SpanKind};
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{propagation, rpc};

/// What a caller made up is not counted by its name: anybody could make metrics without end.
const NO_RPC: &str = "_OTHER";
/// Health and reflection are asked again and again, and are nobody's doing.
const UNTRACED: &str = "/grpc.";
/// Bounds of durations, in seconds, as the semantic conventions advise.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    let meter = global::meter("relais");
    meter.f64_histogram("rpc.server.call.duration").with_unit("s").with_boundaries(SECONDS.to_vec()).build()
});

/// Measures each call.
#[derive(Clone)]
pub(crate) struct CallsLayer(Arc<HashSet<&'static str>>);

impl CallsLayer {
    /// Knows the paths of RPCs.
    pub fn new(paths: impl IntoIterator<Item = &'static str>) -> Self {
        Self(Arc::new(paths.into_iter().collect()))
    }
}

impl<S> Layer<S> for CallsLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, known: self.0.clone() }
    }
}

/// The service that [`CallsLayer`] makes.
#[derive(Clone)]
pub(crate) struct Calls<S> {
    inner: S,
    known: Arc<HashSet<&'static str>>,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S, B> Service<Request<B>> for Calls<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        let path = request.uri().path();
        let method = self.known.get(path).map_or(NO_RPC, |path| path.trim_start_matches('/'));
        let span = if path.starts_with(UNTRACED) { Span::none() } else { served(method, request.headers()) };
        let measured = Measured { method, span: span.clone(), code: "CANCELLED", began: Instant::now() };
        let answer = span.in_scope(|| self.inner.call(request));
        let measuring = async move {
            let answer = answer.await?;
            measured.end(rpc::code(answer.headers()));
            Ok(answer)
        };
        Box::pin(measuring.instrument(span))
    }
}

/// The span of a call, under the caller's.
fn served(method: &'static str, headers: &HeaderMap) -> Span {
    let span = rpc::span(method, &SpanKind::Server);
    // A parent is refused only for a span that has begun; this one has not.
    let _ = span.set_parent(propagation::extract_headers(headers));
    span
}

/// A call under way; it is recorded when it ends, however it does.
struct Measured {
    method: &'static str,
    span: Span,
    code: &'static str,
    began: Instant,
}

impl Measured {
    fn end(mut self, code: &'static str) {
        self.code = code;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        rpc::end(&self.span, self.code, rpc::FAULTS.contains(&self.code));
        let attributes = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", self.code),
        ];
        DURATION.record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}
