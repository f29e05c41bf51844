//! Bugs planted on purpose: each directed test passes as it stands, and fails every time with its bug.
//!
//! A scenario answers whether the promise was kept. What breaks for another reason is an error, not a bug that was caught.

use std::{collections::HashMap, time::Duration};

use anyhow::Result;
use relais_platform::broker::envelope::Envelope;
use relais_proto::events::v1::AppointmentProposed;
use relais_scheduling::Scheduling;
use relais_tests::{Gate, Options, Servers, Suite, Tap, Told, World, eventually, insert_event, message};
use url::Url;
use uuid::Uuid;

use super::REFUSE;

const BUG: &str = "RELAIS__PLANTED__BUG";
const SHORT: Duration = Duration::from_secs(5);

/// The scenario keeps its promise, and breaks it with the bug.
macro_rules! caught {
    ($($scenario:ident: $bug:literal;)*) => {$(
        mod $scenario {
            use anyhow::Result;

            #[tokio::test]
            async fn is_kept() -> Result<()> {
                assert!(super::$scenario(&[]).await?, "broken without a bug");
                Ok(())
            }

            #[tokio::test]
            async fn is_broken_by_the_bug() -> Result<()> {
                assert!(!super::$scenario(&[(super::BUG, $bug)]).await?, "the bug {} was not caught", $bug);
                Ok(())
            }
        }
    )*};
}

caught! {
    what_is_written_to_a_frozen_broker_is_sent_again: "no-confirm";
    what_comes_back_is_sent_again: "return-is-success";
    what_commits_late_is_sent: "outbox-by-position";
    what_was_not_committed_comes_again: "ack-before-commit";
    another_message_under_the_same_id_is_noticed: "no-inbox";
    a_poisoned_message_does_not_go_round: "endless-redelivery";
}

fn proposed() -> AppointmentProposed {
    AppointmentProposed { appointment: "appointments/1".into(), referral: "referrals/1".into() }
}

/// The broker freezes, an event is committed, the connection breaks: the event reaches the broker in the end.
async fn what_is_written_to_a_frozen_broker_is_sent_again(planted: &[(&str, &str)]) -> Result<bool> {
    let amqp: Url = Servers::from_env()?.amqp_url.parse()?;
    let gate = Gate::before(&amqp).await?;
    gate.open();
    let by_gate = gate.url(&amqp).to_string();
    let settings = [("RELAIS__BROKER__URL", by_gate.as_str()), ("RELAIS__BROKER__PUBLISH_TIMEOUT_MS", "2000")];
    let mut world = World::<Scheduling>::start_with(&[&settings, planted].concat()).await?;
    // The first message proves that the relay leads and publishes; the second meets the frozen broker.
    world.commit_event(Uuid::now_v7(), 1, proposed()).await?;
    world.tap.next().await?;
    world.until_count("SELECT count(*) FROM outbox", 0).await?;
    gate.stall();
    world.commit_event(Uuid::now_v7(), 1, proposed()).await?;
    world.counts("SELECT count(*) FROM outbox", 0, Duration::from_secs(1)).await?;
    gate.close();
    gate.open();
    let kept = !world.tap.is_silent(Duration::from_secs(8)).await;
    world.abandon().await?;
    Ok(kept)
}

/// All queues of a message are deleted: it comes back, and is there when they are declared again.
async fn what_comes_back_is_sent_again(planted: &[(&str, &str)]) -> Result<bool> {
    let world = World::<Scheduling>::start_with(planted).await?;
    world.tap.look_away().await?;
    let queues = ["referral", "results", "notification"].map(|service| world.tap.topology().queue(service));
    // Once something was sent, the relay has declared the topology, and does so again only for what is not proven.
    world.commit_event(Uuid::now_v7(), 1, proposed()).await?;
    world.until_count("SELECT count(*) FROM outbox", 0).await?;
    // Not deleted: RabbitMQ sometimes closes the connection of whoever publishes when a queue is, and a new connection
    // declares everything again.
    for service in ["referral", "results", "notification"] {
        world.tap.deafen(service).await?;
    }
    world.commit_event(Uuid::now_v7(), 1, proposed()).await?;
    world.until_count("SELECT count(*) FROM outbox", 0).await?;
    let mut kept = true;
    for queue in &queues {
        kept &= world.tap.waiting(queue).await? == Some(2);
    }
    world.abandon().await?;
    Ok(kept)
}

/// Two changes at once: the one with the lower position commits after the other was sent.
async fn what_commits_late_is_sent(planted: &[(&str, &str)]) -> Result<bool> {
    let mut world = World::<Scheduling>::start_with(planted).await?;
    let mut slow = world.database.begin().await?;
    let late = insert_event(&mut slow, Uuid::now_v7(), 1, proposed()).await?;
    let early = world.commit_event(Uuid::now_v7(), 1, proposed()).await?;
    assert_eq!(world.tap.next().await?.0.id, early);
    slow.commit().await?;
    let kept = world.counts("SELECT count(*) FROM outbox", 0, SHORT).await?;
    assert!(!kept || world.tap.next().await?.0.id == late);
    world.abandon().await?;
    Ok(kept)
}

/// The process dies between its work and its commit: the message comes again.
async fn what_was_not_committed_comes_again(planted: &[(&str, &str)]) -> Result<bool> {
    let bug = planted.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string()));
    let fault = ("RELAIS__PLANTED__FAULT".to_string(), "die-before-commit".to_string());
    let settings: HashMap<_, _> = bug.clone().chain([fault]).collect();
    let mut suite = Suite::prepare(Options { settings }).await?;
    let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    tap.publish(told.id.0, 1, told.submitted()).await?;
    suite.launch("scheduling")?;
    suite.until_died("scheduling").await?;
    suite.unset("RELAIS__PLANTED__FAULT");
    suite.launch("scheduling")?;
    let serving = tonic_health::pb::health_check_response::ServingStatus::Serving;
    suite.until_health("scheduling", relais_platform::grpc::health::BROKER, serving).await?;
    let looked = std::time::Instant::now();
    let mut kept = false;
    while !kept && looked.elapsed() < SHORT {
        kept = suite.count("scheduling", "SELECT count(*) FROM scheduling.appointment").await? == 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    suite.stop().await?;
    Ok(kept)
}

/// Under an id that was used comes another message: it is kept apart, and has no effect.
async fn another_message_under_the_same_id_is_noticed(planted: &[(&str, &str)]) -> Result<bool> {
    let world = World::<Scheduling>::start_with(planted).await?;
    let (first, second) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    let known = world.tap.publish(first.id.0, 1, first.submitted()).await?;
    world.until_count(super::APPOINTMENTS, 1).await?;
    let reused = Envelope { id: known.id, ..message(second.id.0, 1, second.submitted()) };
    world.tap.send(&reused).await?;
    eventually("the message was dealt with", || async {
        let dealt = "SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM appointment) - 1";
        Ok((world.count(dealt).await? == 1).then_some(()))
    })
    .await?;
    let kept = world.count(super::APPOINTMENTS).await? == 1;
    world.abandon().await?;
    Ok(kept)
}

/// A message fails each time: it is tried as often as it should be, and never reaches the dead letters.
async fn a_poisoned_message_does_not_go_round(planted: &[(&str, &str)]) -> Result<bool> {
    let settings = [("RELAIS__CONSUMER__MAX_ATTEMPTS", "3")];
    let mut world = World::<Scheduling>::start_with(&[&settings, planted].concat()).await?;
    sqlx::query(REFUSE).execute(&world.database).await?;
    world.tap.watch_dead_letters("scheduling").await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let sent = world.tap.publish(told.id.0, 1, told.submitted()).await?;
    assert_eq!(world.tap.next().await?.0.id, sent.id);
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'failed' AND attempt = 3", 1).await?;
    let kept = world.tap.is_silent(Duration::from_secs(1)).await;
    world.abandon().await?;
    Ok(kept)
}
