//! A service that is started before its database or its broker waits and recovers; so does one that loses them.

use std::collections::HashMap;

use anyhow::Result;
use relais_platform::grpc::health::BROKER;
use relais_proto::{
    network::v1::{CreateOrganisationRequest, Organisation},
    operations::v1::GetBacklogRequest,
};
use relais_tests::{Gate, Identity, Options, Session, Suite, eventually, partnership::Partners, request_id};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};
use url::Url;

/// A referral service behind gates, both closed; nothing runs yet.
async fn behind_gates() -> Result<(Suite, Gate, Gate)> {
    let mut suite = Suite::prepare(Options::default()).await?;
    let url: Url = suite.servers.database_settings("referral", &suite.name).url.expose().parse()?;
    let amqp: Url = suite.servers.amqp_url.parse()?;
    let (database, broker) = (Gate::before(&url).await?, Gate::before(&amqp).await?);
    suite.set(HashMap::from([
        ("RELAIS__DATABASE__URL".to_string(), database.url(&url).to_string()),
        ("RELAIS__BROKER__URL".to_string(), broker.url(&amqp).to_string()),
    ]));
    Ok((suite, database, broker))
}

async fn outbox(operator: &Session) -> Result<i64> {
    Ok(operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner().outbox)
}

#[tokio::test]
async fn a_service_waits_for_its_database_and_its_broker() -> Result<()> {
    let (mut suite, database, broker) = behind_gates().await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", NotServing).await?;
    let operator = suite.session("referral", &Identity::new("operator", "operator"))?;
    let refused = create(&operator).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");

    database.open();
    suite.until_health("referral", "", Serving).await?;
    suite.until_health("referral", BROKER, NotServing).await?;
    create(&operator).await?;

    broker.open();
    suite.until_health("referral", BROKER, Serving).await?;
    suite.stop().await
}

#[tokio::test]
async fn without_a_broker_calls_are_served_and_their_events_follow() -> Result<()> {
    let (mut suite, database, broker) = behind_gates().await?;
    database.open();
    broker.open();
    suite.launch("referral")?;
    suite.until_health("referral", BROKER, Serving).await?;
    let partners = Partners::meet(&suite).await?;
    partners.submit(partners.request()).await?;
    eventually("the outbox is empty", || async { Ok((outbox(&partners.operator).await? == 0).then_some(())) }).await?;

    broker.close();
    suite.until_health("referral", BROKER, NotServing).await?;
    for _ in 0..5 {
        partners.submit(partners.request()).await?;
    }
    let sent = "SELECT count(*) FROM referral.outbox_sent";
    assert_eq!(suite.count("referral", sent).await?, 1);
    broker.open();
    eventually("all events are sent", || async { Ok((suite.count("referral", sent).await? == 6).then_some(())) })
        .await?;
    suite.stop().await
}

#[tokio::test]
async fn a_database_that_goes_away_and_comes_back_is_taken_up_again() -> Result<()> {
    let (mut suite, database, broker) = behind_gates().await?;
    database.open();
    broker.open();
    suite.launch("referral")?;
    suite.until_health("referral", "", Serving).await?;
    let partners = Partners::meet(&suite).await?;
    database.close();
    suite.until_health("referral", "", NotServing).await?;
    database.open();
    suite.until_health("referral", "", Serving).await?;
    partners.submit(partners.request()).await?;
    let sent = "SELECT count(*) FROM referral.outbox_sent";
    eventually("the relay leads again", || async { Ok((suite.count("referral", sent).await? == 1).then_some(())) })
        .await?;
    suite.stop().await
}

#[tokio::test]
async fn a_database_that_hangs_is_as_one_that_is_away() -> Result<()> {
    let (mut suite, database, broker) = behind_gates().await?;
    database.open();
    broker.open();
    suite.launch("referral")?;
    suite.until_health("referral", "", Serving).await?;
    database.stall();
    suite.until_health("referral", "", NotServing).await?;
    database.close();
    database.open();
    suite.until_health("referral", "", Serving).await?;
    suite.stop().await
}

async fn create(operator: &Session) -> Result<(), tonic::Status> {
    let (display_name, country_code) = ("Somebody".into(), "LU".into());
    let organisation = Some(Organisation { display_name, country_code, ..Organisation::default() });
    let request = CreateOrganisationRequest { organisation, request_id: request_id() };
    operator.network().create_organisation(request).await.map(|_| ())
}
