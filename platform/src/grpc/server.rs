//! The server: the service's routes with health, reflection and operations, behind trace and access.

use std::convert::Infallible;

use relais_proto::{
    FILE_DESCRIPTOR_SET, audit::v1::audit_service_server::AuditServiceServer,
    holdings::v1::holdings_service_server::HoldingsServiceServer,
    operations::v1::operations_service_server::OperationsServiceServer,
};
use tokio::net::TcpListener;
use tonic::{service::Routes, transport::Server};
use tonic_health::server::HealthReporter;
use tower::ServiceBuilder;

use super::{
    accept,
    audit::{self, Audits},
    holdings::{self, Exports},
    operations::{self, Operations},
    unreadable,
};
use crate::{
    Context, Service,
    calls::{access::AccessLayer, deadline::DeadlineLayer, token::Verifier},
    settings::{self, EnvironmentKind, millis},
    telemetry::calls::CallsLayer,
    tls::server::Door,
};

/// Serves until the context stops.
pub(crate) async fn serve<S: Service>(
    context: Context,
    (listener, door): (TcpListener, Option<Door>),
    verifier: Verifier,
    (reporter, routes): (HealthReporter, Routes),
) -> anyhow::Result<()> {
    let settings = &context.settings.server;
    let rules = super::rules::<S>();
    let layers = ServiceBuilder::new()
        .map_request(without_baggage)
        .layer(CallsLayer::new(rules.iter().map(|(rpc, _)| *rpc)))
        // Before access: to ask the issuer for its keys and to write a refusal down takes of the caller's time, too.
        .layer(DeadlineLayer::new(millis(settings.request_timeout_ms)))
        .layer(AccessLayer::new(verifier, rules, context.database.clone(), settings))
        .map_response(unreadable::in_our_words)
        .into_inner();
    let closing = context.closing();
    let peers = accept::incoming(listener, settings);
    let server = builder(settings).layer(layers).add_routes(routes);
    let result = match door {
        Some(door) => {
            let let_in = door.let_in(peers, closing.clone());
            server.serve_with_incoming_shutdown(let_in, closing.cancelled_owned()).await
        }
        None => server.serve_with_incoming_shutdown(peers, closing.cancelled_owned()).await,
    };
    drop(reporter);
    Ok(result?)
}

/// What one connection may cost.
fn builder(settings: &settings::Server) -> Server {
    let silence = millis(settings.keepalive_ms);
    let server = Server::builder()
        .max_concurrent_streams(settings.max_streams_per_connection)
        .http2_max_header_list_size(settings.max_header_bytes)
        .http2_keepalive_interval(Some(silence))
        .http2_keepalive_timeout(Some(silence / 3));
    match settings.max_connection_age_ms {
        0 => server,
        // No grace: with one, tonic 0.14 tells nobody to go, and cuts calls off at the end of it.
        age => server.max_connection_age(millis(age)),
    }
}

/// The door of a service that has a certificate, which is looked at again and again.
///
/// # Errors
/// When the certificate, its key or the CA cannot be used.
pub(crate) fn door(context: &Context) -> anyhow::Result<Option<Door>> {
    let settings = &context.settings.tls;
    let door = settings.is_on().then(|| Door::try_new(settings)).transpose()?;
    if let Some(door) = &door {
        context.spawn(door.clone().keep_fresh());
    }
    Ok(door)
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
    // In production nobody is told what there is, whatever the setting says.
    let development = context.settings.environment == EnvironmentKind::Development;
    if settings.reflection && development {
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
