//! Reflection in both versions, and health, without a token.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use relais_tests::{Options, SERVICES, Suite};
use tokio_stream::once;
use tonic_reflection::pb::{v1, v1alpha};

use crate::clock::production;

const COMMON: [&str; 3] =
    ["grpc.health.v1.Health", "relais.operations.v1.OperationsService", "relais.audit.v1.AuditService"];

fn own(service: &str) -> &'static [&'static str] {
    match service {
        "referral" => &[
            "relais.network.v1.NetworkService",
            "relais.convention.v1.ConventionService",
            "relais.referral.v1.PatientService",
            "relais.referral.v1.ReferralService",
            "relais.referral.v1.BreakGlassService",
        ],
        "scheduling" => &["relais.scheduling.v1.SchedulingService"],
        "results" => &["relais.results.v1.ResultsService"],
        _ => &["relais.notification.v1.NotificationService"],
    }
}

#[tokio::test]
async fn every_service_lists_itself_in_both_versions() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    for service in SERVICES {
        let expected: BTreeSet<String> = own(service).iter().chain(&COMMON).map(|name| (*name).to_string()).collect();
        let listed = list_v1(&suite, service).await?;
        assert!(listed.is_superset(&expected), "{service}: {listed:?}");
        assert!(list_v1alpha(&suite, service).await?.is_superset(&expected), "{service}");
        // What another service serves is not listed here.
        let others = SERVICES.iter().filter(|other| **other != service).flat_map(|other| own(other));
        assert!(others.into_iter().all(|name| !listed.contains(*name)), "{service}: {listed:?}");
    }
    suite.stop().await
}

/// Whatever the setting says, and it is on.
#[tokio::test]
async fn in_production_no_service_describes_itself() -> Result<()> {
    let (mut settings, _, keys) = production()?;
    settings.insert("RELAIS__SERVER__REFLECTION".into(), "true".into());
    let suite = Suite::start(Options { settings }).await?;
    for service in SERVICES {
        for refused in [list_v1(&suite, service).await, list_v1alpha(&suite, service).await] {
            let refused = refused.expect_err(service);
            let code = refused.downcast_ref::<tonic::Status>().map(tonic::Status::code);
            assert_eq!(code, Some(tonic::Code::Unimplemented), "{service}: {refused:#}");
        }
    }
    std::fs::remove_file(keys)?;
    suite.stop().await
}

async fn list_v1(suite: &Suite, service: &str) -> Result<BTreeSet<String>> {
    use v1::server_reflection_response::MessageResponse::ListServicesResponse;
    use v1::{server_reflection_client::ServerReflectionClient, server_reflection_request::MessageRequest};
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let request = v1::ServerReflectionRequest { host: String::new(), message_request };
    let mut client = ServerReflectionClient::new(suite.channel(service)?);
    let mut answers = client.server_reflection_info(once(request)).await?.into_inner();
    match answers.message().await?.context("no answer")?.message_response {
        Some(ListServicesResponse(list)) => Ok(list.service.into_iter().map(|service| service.name).collect()),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn list_v1alpha(suite: &Suite, service: &str) -> Result<BTreeSet<String>> {
    use v1alpha::server_reflection_response::MessageResponse::ListServicesResponse;
    use v1alpha::{server_reflection_client::ServerReflectionClient, server_reflection_request::MessageRequest};
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request };
    let mut client = ServerReflectionClient::new(suite.channel(service)?);
    let mut answers = client.server_reflection_info(once(request)).await?.into_inner();
    match answers.message().await?.context("no answer")?.message_response {
        Some(ListServicesResponse(list)) => Ok(list.service.into_iter().map(|service| service.name).collect()),
        other => anyhow::bail!("{other:?}"),
    }
}
