//! Messages as a broker may bring them: twice, in the wrong order, unreadable, and while the database says no.

use std::time::Duration;

use anyhow::Result;
use lapin::BasicProperties;
use relais_proto::{events::v1::ReferralSubmitted, operations::v1::GetBacklogRequest};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, Told, World};
use uuid::Uuid;

use super::{APPOINTMENTS, REFUSE, RELENT};

#[tokio::test]
async fn the_same_message_ten_times_has_its_effect_once() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let envelope = world.tap.publish(told.id.0, 1, told.submitted()).await?;
    for _ in 0..9 {
        world.tap.send(&envelope).await?;
    }
    let later = told.another("DDDD-EEEE-FFF");
    world.tap.publish(later.id.0, 1, later.submitted()).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    assert_eq!(world.count("SELECT count(*) FROM inbox").await?, 2);
    world.end().await
}

#[tokio::test]
async fn a_service_that_has_nothing_to_do_says_so() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let mut settled = 0;
    for _ in 0..10 {
        let answer = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        settled += i32::from(answer.settled);
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    assert!(settled >= 8, "idle, and settled {settled} times of 10");
    world.end().await
}

#[tokio::test]
async fn a_version_told_again_under_another_id_is_dropped() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    for _ in 0..2 {
        world.tap.publish(told.id.0, 1, told.submitted()).await?;
    }
    world.until_count("SELECT count(*) FROM inbox", 2).await?;
    assert_eq!(world.count(APPOINTMENTS).await?, 1);
    world.end().await
}

#[tokio::test]
async fn a_later_version_waits_for_the_earlier_one() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.until_count("SELECT count(*) FROM retry WHERE reason = 'gap'", 1).await?;
    assert_eq!(world.count(APPOINTMENTS).await?, 0);
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM appointment WHERE state = 'cancelled'", 1).await?;
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    world.end().await
}

#[tokio::test]
async fn a_message_that_fails_is_tried_again_and_those_of_others_pass() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (first, second) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    let refuse = "ALTER TABLE appointment ADD CONSTRAINT not_this_one CHECK (referral_number <> 'AAAA-BBBB-CCC')";
    sqlx::query(refuse).execute(&world.database).await?;
    world.tap.publish(first.id.0, 1, first.submitted()).await?;
    world.tap.publish(first.id.0, 2, first.cancelled()).await?;
    world.tap.publish(second.id.0, 1, second.submitted()).await?;
    world.until_count("SELECT count(*) FROM retry WHERE reason = 'failed' AND attempt >= 2", 1).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.until_count("SELECT count(*) FROM retry WHERE reason = 'gap'", 1).await?;

    sqlx::query("ALTER TABLE appointment DROP CONSTRAINT not_this_one").execute(&world.database).await?;
    world.until_count("SELECT count(*) FROM appointment WHERE state = 'cancelled'", 1).await?;
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    world.end().await
}

/// How long a message has waited is counted from when it was held, however often it failed since.
#[tokio::test]
async fn one_that_fails_again_and_again_waits_since_it_was_held() -> Result<()> {
    let settings = [("RELAIS__CONSUMER__RETRY_MAX_MS", "100"), ("RELAIS__CONSUMER__MAX_ATTEMPTS", "1000")];
    let world = World::<Scheduling>::start_with(&settings).await?;
    sqlx::query(REFUSE).execute(&world.database).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let waits = "SELECT count(*) FROM retry WHERE attempt >= 3 AND received_at < now() - interval '2 seconds'";
    world.until_count(waits, 1).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let lag = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner().retry_lag;
    assert!(lag.is_some_and(|lag| lag.seconds >= 2), "{lag:?}");
    sqlx::query(RELENT).execute(&world.database).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    world.end().await
}

/// What reads like an outage each time, while the database answers, is the message's own failure: others pass, in the queue
/// and among those held back.
#[tokio::test]
async fn one_whose_statement_always_looks_like_an_outage_holds_up_nobody() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "2")]).await?;
    for missing in [
        "CREATE FUNCTION missing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.referral_number = 'AAAA-BBBB-CCC' THEN
                 RAISE EXCEPTION 'a table is missing' USING ERRCODE = '42P01';
             END IF;
             RETURN NEW; END $$",
        "CREATE TRIGGER missing BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION missing()",
    ] {
        sqlx::query(missing).execute(&world.database).await?;
    }
    let (bad, good) = (Told::new("AAAA-BBBB-CCC"), Told::new("DDDD-EEEE-FFF"));
    world.tap.publish(bad.id.0, 1, bad.submitted()).await?;
    world.tap.publish(good.id.0, 1, good.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    let parked =
        "SELECT count(*) FROM parked WHERE cause = 'failed' AND attempt = 2 AND error LIKE '%a table is missing%'";
    world.until_count(parked, 1).await?;
    world.end().await
}

#[tokio::test]
async fn after_its_last_attempt_a_message_is_parked() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "3")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let refuse = "ALTER TABLE appointment ADD CONSTRAINT none CHECK (referral_number = '')";
    sqlx::query(refuse).execute(&world.database).await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM parked WHERE state = 'parked' AND attempt = 3 AND error <> ''", 1).await?;
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    world.end().await
}

#[tokio::test]
async fn what_cannot_be_read_is_parked_at_once_and_blocks_nobody() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (key, told) = ("relais.referral.referral.submitted.v1", Told::new("AAAA-BBBB-CCC"));
    world.tap.send_raw(key, b"no envelope", BasicProperties::default()).await?;
    let mut broken = world.tap.publish(Uuid::now_v7(), 1, ReferralSubmitted::default()).await?;
    (broken.id, broken.payload, broken.aggregate_id) = (Uuid::now_v7(), vec![0xff; 40], Uuid::now_v7());
    world.tap.send(&broken).await?;
    let mut unknown = broken.clone();
    (unknown.id, unknown.type_name) = (Uuid::now_v7(), "relais.referral.referral.burnt.v1".into());
    unknown.aggregate_id = Uuid::now_v7();
    world.tap.send(&unknown).await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    // No envelope, names that are none, and a body that is not one of its type. An unknown type only advances the version.
    world.until_count("SELECT count(*) FROM parked", 3).await?;
    let passed =
        "SELECT count(*) FROM consumed_version WHERE version = 1 AND aggregate_kind = 'relais.referral.referral'";
    assert_eq!(world.count(passed).await?, 2);
    world.end().await
}

#[tokio::test]
async fn a_thousand_messages_of_ten_referrals_arrive_in_order() -> Result<()> {
    let mut world = World::<Scheduling>::start().await?;
    let told: Vec<_> = (0..10).map(|i| Told::new(&format!("AAAA-BBBB-CC{i}"))).collect();
    for (version, told) in (1..=100_i64).flat_map(|version| told.iter().map(move |told| (version, told))) {
        match version {
            1 => world.tap.publish(told.id.0, version, told.submitted()).await?,
            _ => world.tap.publish(told.id.0, version, told.cancelled()).await?,
        };
    }
    world.until_count("SELECT COALESCE(sum(version), 0)::bigint FROM consumed_version", 1_000).await?;
    assert_eq!(world.count("SELECT count(*) FROM appointment WHERE version = 2").await?, 10);
    assert_eq!(world.count("SELECT count(*) FROM retry").await?, 0);
    while !world.tap.is_silent(Duration::from_millis(200)).await {}
    world.end().await
}
