//! How many calls, how they end, how long they take: `rpc.server.call.duration`, by method and status.
//!
//! Measured to the head of the answer: a stream's later end is not in it. A caller who goes away, or whose time is over, counts as
//! CANCELLED.

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
use opentelemetry::{KeyValue, global, metrics::Histogram};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// What a caller made up is not counted by its name: anybody could make metrics without end.
const NO_RPC: &str = "_OTHER";
/// Names of gRPC's codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

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
        let method = self.known.get(request.uri().path()).map_or(NO_RPC, |path| path.trim_start_matches('/'));
        let measured = Measured { method, code: "CANCELLED", began: Instant::now() };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            measured.end(code(answer.headers()));
            Ok(answer)
        })
    }
}

/// An answer without a status in its head goes on; its trailers are the caller's.
fn code(headers: &HeaderMap) -> &'static str {
    let status = Status::from_header_map(headers);
    status.and_then(|status| CODES.get(status.code() as usize).copied()).unwrap_or("OK")
}

/// A call under way; it is recorded when it ends, however it does.
struct Measured {
    method: &'static str,
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
        let attributes = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", self.code),
        ];
        DURATION.record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}
