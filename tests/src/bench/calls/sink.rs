//! Where spans and metrics go: a receiver that takes them and looks at none, for what a receiver costs is not ours.

use std::{convert::Infallible, net::SocketAddr};

use anyhow::Result;
use tokio::net::TcpListener;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Context, Poll, Service, http},
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};

use crate::bench::limit::unary;

/// Takes metrics, or else spans.
#[derive(Debug, Clone, Copy)]
struct Sink<const METRICS: bool>;

impl<const METRICS: bool> NamedService for Sink<METRICS> {
    const NAME: &'static str = if METRICS {
        "opentelemetry.proto.collector.metrics.v1.MetricsService"
    } else {
        "opentelemetry.proto.collector.trace.v1.TraceService"
    };
}

impl<const METRICS: bool> Service<http::Request<Body>> for Sink<METRICS> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        unary(request, |()| async { Ok(()) })
    }
}

/// Starts one on a free port.
pub(super) async fn open() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().add_service(Sink::<false>).add_service(Sink::<true>);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    Ok(address)
}
