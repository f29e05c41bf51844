//! A message that kills its consumer, with all that is real: the broker gives it up, one more death proves it guilty, and a
//! person decides. Those that were delivered with it are applied.

use std::collections::HashMap;

use anyhow::{Context, Result};
use relais_platform::grpc::health::BROKER;
use relais_proto::operations::v1::{
    ListParkedMessagesRequest, ReplayParkedMessageRequest,
    parked_message::{Cause, State},
};
use relais_tests::{Identity, Options, Suite, Tap, Told, eventually, request_id};
use tonic_health::pb::health_check_response::ServingStatus::Serving;

const FAULT: &str = "RELAIS__PLANTED__FAULT";

async fn until_counted(suite: &Suite, sql: &'static str, expected: i64) -> Result<()> {
    let counted = || async { Ok((suite.count("scheduling", sql).await? == expected).then_some(())) };
    eventually(&format!("{sql} is {expected}"), counted).await
}

#[tokio::test]
async fn a_message_that_kills_its_consumer_is_parked_and_the_innocent_are_applied() -> Result<()> {
    let deadly = HashMap::from([(FAULT.to_string(), "die-of-cancelled".to_string())]);
    let mut suite = Suite::prepare(Options { settings: deadly }).await?;
    let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    let (guilty, innocent) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    let queue = tap.topology().queue("scheduling");

    // Both first events, and the deadly one, are taken by a consumer that dies, until the broker gives them up.
    tap.publish(guilty.id.0, 1, guilty.submitted()).await?;
    tap.publish(guilty.id.0, 2, guilty.cancelled()).await?;
    tap.publish(innocent.id.0, 1, innocent.submitted()).await?;
    tap.die_of_next(&queue, 60).await?;
    eventually("the broker gave them up", || async { Ok((tap.waiting(&queue).await? == Some(0)).then_some(())) })
        .await?;
    let dead = tap.topology().dead_queue("scheduling");
    eventually("they are dead letters", || async { Ok((tap.waiting(&dead).await? == Some(3)).then_some(())) }).await?;

    // Three more deaths, by the dead letters' own consumer; then it is known.
    for _ in 0..3 {
        suite.launch("scheduling")?;
        suite.until_died("scheduling").await?;
    }
    suite.launch("scheduling")?;
    suite.until_health("scheduling", BROKER, Serving).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.appointment", 2).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.parked WHERE cause = 'killed' AND state = 'parked'", 1)
        .await?;

    let operator = suite.session("scheduling", &Identity::new("operator", "operator"))?;
    let request = ListParkedMessagesRequest { state: State::Parked.into(), ..ListParkedMessagesRequest::default() };
    let listed = operator.operations().list_parked_messages(request).await?.into_inner().parked_messages;
    let parked = listed.first().context("none is listed")?;
    assert_eq!((parked.cause(), &*parked.r#type), (Cause::Killed, "relais.referral.referral.cancelled.v1"));

    // A program that does not die of it applies it when it is replayed.
    suite.kill("scheduling").await?;
    suite.unset(FAULT);
    suite.launch("scheduling")?;
    suite.until_health("scheduling", "", Serving).await?;
    let request =
        ReplayParkedMessageRequest { name: parked.name.clone(), request_id: request_id(), ..Default::default() };
    operator.operations().replay_parked_message(request).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.appointment WHERE state = 'cancelled'", 1).await?;
    suite.stop().await
}

/// A deadly message that waited for its turn was acknowledged long ago: no broker counts how often it kills.
#[tokio::test]
async fn a_held_message_that_kills_its_consumer_is_parked_and_the_service_lives() -> Result<()> {
    let deadly = HashMap::from([
        (FAULT.to_string(), "die-of-cancelled".to_string()),
        ("RELAIS__CONSUMER__RETRY_FIRST_MS".to_string(), "50".to_string()),
    ]);
    let mut suite = Suite::prepare(Options { settings: deadly }).await?;
    let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    let guilty = Told::new("AAAA-BBBB-CCC");
    suite.launch("scheduling")?;
    suite.until_health("scheduling", BROKER, Serving).await?;
    tap.publish(guilty.id.0, 2, guilty.cancelled()).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.retry WHERE reason = 'gap'", 1).await?;
    tap.publish(guilty.id.0, 1, guilty.submitted()).await?;
    suite.until_died("scheduling").await?;
    for _ in 0..2 {
        suite.launch("scheduling")?;
        suite.until_died("scheduling").await?;
    }
    suite.launch("scheduling")?;
    let killed = "SELECT count(*) FROM scheduling.parked WHERE cause = 'killed' AND state = 'parked' AND attempt = 3";
    until_counted(&suite, killed, 1).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.retry", 0).await?;
    let innocent = Told::new("DDDD-EEEE-FFF");
    tap.publish(innocent.id.0, 1, innocent.submitted()).await?;
    until_counted(&suite, "SELECT count(*) FROM scheduling.appointment WHERE state = 'proposed'", 2).await?;
    suite.stop().await
}
