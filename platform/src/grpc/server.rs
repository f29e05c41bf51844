//! The server: the service's routes with health, reflection and operations, behind trace and access.

use std::convert::Infallible;

use relais_proto::{
    FILE_DESCRIPTOR_SET, audit::v1::audit_service_server::AuditServiceServer,
    holdings::v1::holdings_service_server::HoldingsServiceServer,
    operations::v1::operations_service_server::OperationsServiceServer,
};
use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::server::HealthReporter;
use tonic_tracing_opentelemetry::middleware::server::OtelGrpcLayer;
use tower::ServiceBuilder;

use super::{
    audit::{self, Audits},
    holdings::{self, Exports},
    operations::{self, Operations},
};
use crate::{
    Context, Service,
    calls::{access::AccessLayer, token::Verifier},
    settings::millis,
};

/// Serves until the context stops.
pub(crate) async fn serve<S: Service>(
    context: Context,
    listener: TcpListener,
    verifier: Verifier,
    (reporter, routes): (HealthReporter, Routes),
) -> anyhow::Result<()> {
    let settings = &context.settings.server;
    let rules = super::rules::<S>();
    let layers = ServiceBuilder::new()
        .map_request(without_baggage)
        .layer(OtelGrpcLayer::default().filter(|path| !path.starts_with("/grpc.")))
        .layer(AccessLayer::new(verifier, rules, context.database.clone()))
        .into_inner();
    let closing = context.closing();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder()
        .timeout(millis(settings.request_timeout_ms))
        .concurrency_limit_per_connection(settings.max_in_flight)
        .layer(layers)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, closing.cancelled_owned());
    let result = server.await;
    drop(reporter);
    Ok(result?)
}

/// A caller's trace is taken up; what the caller says the trace is about is not.
fn without_baggage<B>(mut request: http::Request<B>) -> http::Request<B> {
    request.headers_mut().remove("baggage");
    request
}

/// All that is served on the port.
pub(crate) fn routes<S: Service>(context: &Context) -> anyhow::Result<(HealthReporter, Routes)> {
    let settings = &context.settings.server;
    let (reporter, health) = tonic_health::server::health_reporter();
    let operations = OperationsServiceServer::new(Operations::<S>::new(context.clone()))
        .max_decoding_message_size(settings.max_message_bytes);
    let audits = AuditServiceServer::new(Audits::<S>::new(context.clone()))
        .max_decoding_message_size(settings.max_message_bytes);
    let exports = HoldingsServiceServer::new(Exports::<S>::new(context.clone()))
        .max_decoding_message_size(settings.max_message_bytes);
    let own = S::routes(context).add_service(health);
    let mut routes = own.add_service(operations).add_service(audits).add_service(exports);
    if settings.reflection {
        routes = routes.add_service(reflection::<S>()?.build_v1()?).add_service(reflection::<S>()?.build_v1alpha()?);
    }
    Ok((reporter, routes))
}

fn reflection<S: Service>() -> Result<tonic_reflection::server::Builder<'static>, Infallible> {
    let builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health")
        .with_service_name(operations::NAME)
        .with_service_name(audit::NAME)
        .with_service_name(holdings::NAME);
    Ok(S::GRPC.iter().fold(builder, |builder, name| builder.with_service_name(*name)))
}
