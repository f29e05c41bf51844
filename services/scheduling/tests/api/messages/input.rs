//! Bad input: whatever a broker may bring, it is applied, passed over, held or parked; it is never lost and blocks nobody.

use std::collections::BTreeMap;

use anyhow::Result;
use lapin::types::{AMQPValue, FieldTable};
use relais_platform::broker::envelope::Envelope;
use relais_proto::events::v1::AppointmentProposed;
use relais_scheduling::Scheduling;
use relais_tests::{Tap, Told, World, message};
use uuid::Uuid;

use super::{APPOINTMENTS, PARKED};

const SUBMITTED: &str = "relais.referral.referral.submitted.v1";

/// Sends a bad message and then a good one, which is applied; gives back the world.
async fn with_a_good_one(bad: impl AsyncFnOnce(&World<Scheduling>) -> Result<()>) -> Result<World<Scheduling>> {
    let world = World::<Scheduling>::start().await?;
    bad(&world).await?;
    let told = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM appointment WHERE referral_number = 'GOOD-GOOD-GOO'", 1).await?;
    Ok(world)
}

/// Ends a world in which one message was parked, saying why.
async fn one_parked(world: World<Scheduling>, cause: &str, error: &str) -> Result<()> {
    world.until_count(PARKED, 1).await?;
    let row: (String, String) = sqlx::query_as("SELECT cause, error FROM parked").fetch_one(&world.database).await?;
    assert_eq!(row.0, cause);
    assert!(row.1.contains(error), "{}", row.1);
    assert_eq!(world.count(APPOINTMENTS).await?, 1, "a bad message had an effect");
    world.end().await
}

#[tokio::test]
async fn an_unknown_type_is_passed_over() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let bad = Envelope {
            type_name: "relais.referral.referral.burnt.v1".into(),
            ..message(told.id.0, 1, told.submitted())
        };
        world.tap.send(&bad).await
    });
    let world = world.await?;
    world.until_count("SELECT count(*) FROM consumed_version WHERE version = 1", 2).await?;
    assert_eq!((world.count(PARKED).await?, world.count(APPOINTMENTS).await?), (0, 1));
    world.end().await
}

#[tokio::test]
async fn an_unknown_version_of_a_known_type_waits_for_a_program_that_knows_it() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let bad = Envelope { type_name: SUBMITTED.replace(".v1", ".v2"), ..message(told.id.0, 1, told.submitted()) };
        world.tap.send(&bad).await
    });
    one_parked(world.await?, "failed", "TYPE_VERSION_UNKNOWN").await
}

#[tokio::test]
async fn a_type_that_its_consumer_does_not_want_is_passed_over() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let other = message(told.id.0, 1, AppointmentProposed::default());
        // By the key of a type that is wanted: the queue has it, the consumer does not want it.
        world.tap.send_raw(SUBMITTED, &other.payload, other.properties(&other.trace)).await
    });
    let world = world.await?;
    let passed = "SELECT count(*) FROM consumed_version WHERE aggregate_kind = 'relais.scheduling.appointment'";
    world.until_count(passed, 1).await?;
    assert_eq!((world.count(PARKED).await?, world.count(APPOINTMENTS).await?), (0, 1));
    world.end().await
}

#[tokio::test]
async fn a_body_that_does_not_decode_is_parked() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        world.tap.send(&Envelope { payload: vec![0xff; 40], ..message(told.id.0, 1, told.submitted()) }).await
    });
    one_parked(world.await?, "failed", "BODY_UNREADABLE").await
}

#[tokio::test]
async fn an_empty_body_is_parked() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        world.tap.send(&Envelope { payload: vec![], ..message(told.id.0, 1, told.submitted()) }).await
    });
    one_parked(world.await?, "failed", "INVALID_FIELD").await
}

/// 17 MiB: more than RabbitMQ 4 takes, and less than 3.10 does.
#[tokio::test]
async fn a_body_of_17_mib_is_parked_or_refused_by_the_broker() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let mut world = World::<Scheduling>::start().await?;
    let huge = Envelope { payload: vec![7; 17 << 20], ..message(told.id.0, 1, told.submitted()) };
    let sent = world.tap.send(&huge).await;
    if let Err(error) = &sent {
        // Only a broker with a limit below 17 MiB says this; it has closed the channel on which the message came.
        let said = format!("{error:#} {error:?}");
        assert!(said.contains("larger than configured max size"), "refused for another reason: {said}");
        world.tap = Tap::new(&world.servers.amqp_url, &world.settings.broker.prefix).await?;
    }
    let good = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    if sent.is_ok() {
        world.until_count("SELECT count(*) FROM parked WHERE octet_length(payload) = 17 << 20", 1).await?;
        return one_parked(world, "failed", "BODY_TOO_LARGE").await;
    }
    assert_eq!(world.count("SELECT count(*) FROM inbox").await?, 1, "only the good one came in");
    assert_eq!(world.count(PARKED).await?, 0);
    world.end().await
}

/// Too large and under the id of another: neither of the two faults hides the other message.
#[tokio::test]
async fn a_body_too_large_under_a_known_id_is_parked_as_reused() -> Result<()> {
    let first = Told::new("AAAA-BBBB-CCC");
    let mut known = None;
    let world = World::<Scheduling>::start().await?;
    for large in [false, true] {
        let mut next = message(first.id.0, 1, first.submitted());
        if large {
            next = Envelope { payload: vec![7; 300_000], ..next };
        }
        next.id = *known.get_or_insert(next.id);
        world.tap.send(&next).await?;
        world.until_count(APPOINTMENTS, 1).await?;
    }
    one_parked(world, "reused", "MESSAGE_ID_REUSED").await
}

#[tokio::test]
async fn a_message_without_an_id_is_parked() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let bad = message(told.id.0, 1, told.submitted());
        let mut headers = bad.properties(&bad.trace).headers().clone().unwrap_or_default().inner().clone();
        headers.remove("cloudEvents_id");
        let properties = lapin::BasicProperties::default().with_headers(FieldTable::from(headers));
        world.tap.send_raw(SUBMITTED, &bad.payload, properties).await
    });
    one_parked(world.await?, "unreadable", "cloudEvents_id is missing").await
}

#[tokio::test]
async fn two_ids_in_one_message_are_none() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let bad = message(told.id.0, 1, told.submitted());
        let properties = bad.properties(&bad.trace).with_message_id(Uuid::now_v7().to_string().into());
        world.tap.send_raw(SUBMITTED, &bad.payload, properties).await
    });
    one_parked(world.await?, "unreadable", "differ").await
}

#[tokio::test]
async fn a_message_id_again_with_another_body_is_parked_once() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (first, second) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    let known = world.tap.publish(first.id.0, 1, first.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    let reused = Envelope { id: known.id, ..message(second.id.0, 1, second.submitted()) };
    for _ in 0..3 {
        world.tap.send(&reused).await?;
    }
    let good = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'reused'", 1).await?;
    assert_eq!(world.count(PARKED).await?, 1);
    world.end().await
}

#[tokio::test]
async fn a_message_id_twice_in_one_batch_counts_once() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (first, second) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    // The lock holds the first batch, so that the next ones arrive as one.
    let mut stranger = world.database.begin().await?;
    sqlx::query("LOCK TABLE appointment IN EXCLUSIVE MODE").execute(&mut *stranger).await?;
    let other = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(other.id.0, 1, other.submitted()).await?;
    let one = message(first.id.0, 1, first.submitted());
    let two = Envelope { id: one.id, ..message(second.id.0, 1, second.submitted()) };
    for sent in [&one, &one, &two, &one] {
        world.tap.send(sent).await?;
    }
    let good = Told::new("GOOD-GOOD-GO2");
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    stranger.rollback().await?;
    world.until_count(APPOINTMENTS, 3).await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'reused'", 1).await?;
    world.end().await
}

#[tokio::test]
async fn a_version_far_ahead_waits_and_is_parked_in_the_end() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__GAP_TIMEOUT_MS", "600")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.send(&Envelope { version: i64::MAX, ..message(told.id.0, 1, told.submitted()) }).await?;
    world.until_count("SELECT count(*) FROM retry WHERE reason = 'gap'", 1).await?;
    let good = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    one_parked(world, "gap", "EARLIER_VERSION_MISSING").await
}

#[tokio::test]
async fn headers_nested_or_huge_change_nothing() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let odd = message(told.id.0, 1, told.submitted());
    let mut headers = odd.properties(&odd.trace).headers().clone().unwrap_or_default();
    let nested = (0..60).fold(FieldTable::default(), |inner, depth| {
        let mut outer = FieldTable::default();
        outer.insert(format!("level-{depth}").into(), AMQPValue::FieldTable(inner));
        outer
    });
    headers.insert("nested".into(), AMQPValue::FieldTable(nested));
    headers.insert("huge".into(), AMQPValue::LongString("x".repeat(60_000).into()));
    headers.insert("baggage".into(), AMQPValue::LongString(format!("a={}", "b".repeat(20_000)).into()));
    headers.insert("tracestate".into(), AMQPValue::LongString("a=\0".into()));
    world.tap.send_raw(SUBMITTED, &odd.payload, odd.properties(&odd.trace).with_headers(headers)).await?;
    let good = Told::new("GOOD-GOOD-GOO");
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    assert_eq!(world.count(PARKED).await?, 0);
    world.end().await
}

/// Each of these once made a row that PostgreSQL refuses, and so a message that came again for ever.
#[tokio::test]
async fn headers_that_the_database_would_refuse_are_parked() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| {
        let sound = message(told.id.0, 1, told.submitted());
        let headers = sound.properties(&sound.trace).headers().clone().unwrap_or_default();
        for type_name in ["relais.referral.referral.\0.v1".to_string(), format!("relais.{}.v1", "x".repeat(60_000))] {
            let mut headers = headers.clone();
            headers.insert("cloudEvents_type".into(), AMQPValue::LongString(type_name.into()));
            let properties = lapin::BasicProperties::default().with_headers(headers);
            world.tap.send_raw(SUBMITTED, &sound.payload, properties).await?;
        }
        world.tap.send_raw("relais.referral.referral.\0", b"nul", lapin::BasicProperties::default()).await?;
        let nested = BTreeMap::from([("cloudEvents_id".into(), AMQPValue::FieldTable(FieldTable::default()))]);
        let nested = FieldTable::from(nested);
        world.tap.send_raw(SUBMITTED, b"x", lapin::BasicProperties::default().with_headers(nested)).await
    });
    let world = world.await?;
    // The two with a body that is sound differ in their headers alone: as they came, they are one.
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'unreadable'", 3).await?;
    world.end().await
}

#[tokio::test]
async fn a_message_for_an_aggregate_that_never_existed_has_no_effect() -> Result<()> {
    let told = Told::new("AAAA-BBBB-CCC");
    let world = with_a_good_one(async |world| world.tap.send(&message(told.id.0, 1, told.cancelled())).await).await?;
    world.until_count("SELECT count(*) FROM consumed_version WHERE version = 1", 2).await?;
    assert_eq!((world.count(PARKED).await?, world.count(APPOINTMENTS).await?), (0, 1));
    world.end().await
}
