//! TLS: who is let in at the door, and who is not.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use relais_proto::operations::v1::RebuildProjectionRequest;
use relais_tests::{
    Authority, Collector, Identity, Options, Suite, Tls, Validity, eventually, partnership::Partners, settled,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tonic::{
    Code,
    transport::{ClientTlsConfig, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

/// What certificates of services name here, in place of their hosts.
const HOST: [&str; 2] = ["127.0.0.1", "localhost"];

fn folder(purpose: &str) -> PathBuf {
    std::env::temp_dir().join(format!("relais-{purpose}-{}", uuid::Uuid::now_v7()))
}

/// A suite that speaks TLS by the certificates of an authority, and takes what callers in these names show.
async fn suite(authority: &Authority, more: &[(&str, &str)]) -> Result<Suite> {
    authority.issue("services", &["services.example", HOST[0], HOST[1]], Validity::Now)?;
    authority.issue("gateway", &["gateway.example"], Validity::Now)?;
    let mut settings = authority.settings("services").to_vec();
    settings.extend(more.iter().map(|(key, value)| (key.to_string(), value.to_string())));
    let tls = Tls { settings, client: authority.client("gateway")? };
    Suite::prepare_with(Options::default(), Some(tls)).await
}

/// What a caller with this way to speak TLS is told of the service's health.
async fn health(at: SocketAddr, tls: ClientTlsConfig) -> Result<i32> {
    let endpoint = Endpoint::from_shared(format!("https://{at}"))?.tls_config(tls)?;
    let asked = async {
        let mut client = HealthClient::new(endpoint.connect().await?);
        anyhow::Ok(client.check(HealthCheckRequest::default()).await?.into_inner().status)
    };
    timeout(Duration::from_secs(10), asked).await?
}

#[tokio::test]
async fn four_services_speak_tls_with_each_other_and_with_callers() -> Result<()> {
    let authority = Authority::new(&folder("tls"))?;
    let mut suite = suite(&authority, &[("RELAIS__TLS__CLIENT_NAMES", "gateway.example,services.example")]).await?;
    for service in relais_tests::SERVICES {
        suite.launch(service)?;
    }
    suite.until_serving().await?;
    for service in relais_tests::SERVICES {
        let output = suite.command(service).arg("healthcheck").output().await?;
        assert!(output.status.success(), "{service}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let partners = Partners::meet(&suite).await?;
    partners.submit(partners.request()).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    settled(&operator).await?;
    // Scheduling asks referral, as a client of it: by its own certificate.
    let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.referral".into() };
    let mut told = operator.scheduling.operations().rebuild_projection(request).await?.into_inner();
    let mut read = 0;
    while let Some(progress) = told.message().await? {
        read = progress.seen;
    }
    assert_eq!(read, 1);
    suite.stop().await
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_and_that_of_the_next_one() -> Result<()> {
    let (authority, collector) = (Authority::new(&folder("tls"))?, Collector::start().await?);
    let endpoint = format!("http://{}", collector.address);
    let settings = [
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT", endpoint.as_str()),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS", "200"),
        ("RELAIS__TLS__RELOAD_MS", "200"),
    ];
    let mut suite = suite(&authority, &settings).await?;
    suite.launch("referral")?;
    // Of certificate and CA together, for a collector's sum has no attributes.
    let ends = || collector.metric("relais-referral", "relais.tls.certificate.end");
    let first = eventually("the ends are told", || async { Ok(ends()) }).await?;
    let now = relais_platform::clock::machine_now().timestamp() as f64;
    assert!(first > 2.0 * now, "certificate and CA both end later: {first}");
    authority.issue("services", &["services.example", HOST[0], HOST[1]], Validity::Shorter)?;
    eventually("the next one ends sooner", || async { Ok(ends().filter(|end| *end < first)) }).await?;
    suite.stop().await
}

#[tokio::test]
async fn who_has_no_good_certificate_is_turned_away() -> Result<()> {
    let (authority, other) = (Authority::new(&folder("tls"))?, Authority::new(&folder("tls"))?);
    let mut suite = suite(&authority, &[("RELAIS__TLS__CLIENT_NAMES", "gateway.example")]).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    let at = suite.address("referral");
    authority.issue("late", &["gateway.example"], Validity::Over)?;
    authority.issue("stranger", &["stranger.example"], Validity::Now)?;
    other.issue("gateway", &["gateway.example"], Validity::Now)?;
    let believed = authority.nobody();
    for (who, tls) in [
        ("no certificate", believed.clone()),
        ("one that is over", authority.client("late")?),
        ("one of another authority", believed.identity(other.pair("gateway")?)),
        ("one in another name", authority.client("stranger")?),
    ] {
        let told = health(at, tls).await;
        assert!(told.is_err(), "{who}: {told:?}");
    }
    assert_eq!(health(at, authority.client("gateway")?).await?, i32::from(ServingStatus::Serving));
    // A certificate is no token: what somebody may do is asked as ever.
    let nobody = relais_tests::Session::new(suite.channel("referral")?, "nobody")?;
    let refused = nobody.operations().get_backlog(relais_proto::operations::v1::GetBacklogRequest {}).await;
    assert_eq!(refused.err().map(|status| status.code()), Some(Code::Unauthenticated));
    // Callers look as well: another authority's door, or a door in another name, is not gone through.
    assert!(health(at, other.client("gateway")?).await.is_err(), "the service's authority is not this one");
    let elsewhere = authority.client("gateway")?.domain_name("elsewhere.example");
    assert!(health(at, elsewhere).await.is_err(), "the service is not elsewhere.example");
    let mut plain = HealthClient::new(Endpoint::from_shared(format!("http://{at}"))?.connect().await?);
    let asked = timeout(Duration::from_secs(10), plain.check(HealthCheckRequest::default())).await?;
    assert!(asked.is_err(), "plain text is served");
    suite.stop().await
}

/// The first bytes of a client's hello, and no more.
const HALF_A_HELLO: [u8; 11] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];

#[tokio::test]
async fn half_a_hello_holds_nothing_for_long() -> Result<()> {
    let authority = Authority::new(&folder("tls"))?;
    let mut suite = suite(&authority, &[("RELAIS__TLS__HANDSHAKE_TIMEOUT_MS", "1500")]).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    let (at, began) = (suite.address("referral"), Instant::now());
    let mut half = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(&HALF_A_HELLO).await?;
        half.push(stream);
    }
    // Others are served meanwhile.
    assert_eq!(health(at, authority.client("gateway")?).await?, i32::from(ServingStatus::Serving));
    for mut stream in half {
        let read = timeout(Duration::from_secs(10), stream.read(&mut [0; 64])).await.context("it is held")?;
        // Hung up on, in whichever way.
        assert!(read.map_or(true, |read| read == 0));
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "they were not given their time");
    // And they hold up no end.
    let mut last = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(&HALF_A_HELLO).await?;
        last.push(stream);
    }
    let began = Instant::now();
    suite.stop().await?;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_without_a_restart() -> Result<()> {
    let place = folder("tls");
    let before = Authority::new(&place)?;
    let mut suite = suite(&before, &[("RELAIS__TLS__RELOAD_MS", "100")]).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    let at = suite.address("referral");
    let old = before.client("gateway")?;
    // Another authority, in the same files.
    let after = Authority::new(&place)?;
    after.issue("services", &HOST, Validity::Now)?;
    after.issue("gateway", &["gateway.example"], Validity::Now)?;
    let new = after.client("gateway")?;
    eventually("the new certificate is shown", || async { Ok(health(at, new.clone()).await.ok()) }).await?;
    assert!(health(at, old).await.is_err(), "the authority before is still believed");
    // Half a certificate changes nothing.
    std::fs::write(place.join("services.pem"), "-----BEGIN CERTIFICATE-----")?;
    tokio::time::sleep(Duration::from_millis(400)).await;
    health(at, new).await?;
    suite.stop().await
}
