//! Dead letters: the guilty stay parked, the innocent are applied.

use anyhow::Result;
use relais_platform::{broker::envelope::Envelope, clock::machine_now, events::Event};
use relais_scheduling::Scheduling;
use relais_tests::{Told, World};
use uuid::Uuid;

use super::{APPOINTMENTS, PARKED};

fn letter(told: &Told) -> Envelope {
    let event = Event::from(told.submitted());
    Envelope {
        id: Uuid::now_v7(),
        type_name: event.type_name().into(),
        aggregate_id: told.id.0,
        version: 1,
        time: machine_now(),
        payload: event.encode(),
        trace: serde_json::json!({}),
    }
}

#[tokio::test]
async fn an_innocent_dead_letter_is_applied_once() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told: Vec<_> = (0..20).map(|i| letter(&Told::new(&format!("AAAA-BBBB-C{i:02}")))).collect();
    for letter in told.iter().chain(&told) {
        world.tap.bury(letter, "scheduling").await?;
    }
    world.until_count(APPOINTMENTS, 20).await?;
    world.until_count(PARKED, 0).await?;
    world.end().await
}

#[tokio::test]
async fn one_that_was_met_before_stays_parked() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (guilty, innocent) = (letter(&Told::new("AAAA-BBBB-CCC")), letter(&Told::new("DDDD-EEEE-FFF")));
    // What is left of a consumer that died in the midst of it: its note, and the message still in the queue.
    let mut stranger = world.database.begin().await?;
    sqlx::query("LOCK TABLE appointment IN EXCLUSIVE MODE").execute(&mut *stranger).await?;
    world.tap.bury(&guilty, "scheduling").await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'killed'", 1).await?;
    let other = world.another().await?;
    world.tap.bury(&guilty, "scheduling").await?;
    world.tap.bury(&innocent, "scheduling").await?;
    // The other instance finds the note and leaves the message parked; the next one waits for the lock.
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'killed'", 2).await?;
    stranger.rollback().await?;
    world.until_count(APPOINTMENTS, 2).await?;
    world.until_count(PARKED, 0).await?;
    other.stop::<Scheduling>().await;
    world.end().await
}

#[tokio::test]
async fn a_dead_letter_that_fails_is_tried_again_like_any_other() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "2")]).await?;
    sqlx::query(super::REFUSE).execute(&world.database).await?;
    world.tap.bury(&letter(&Told::new("AAAA-BBBB-CCC")), "scheduling").await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'failed' AND attempt = 2", 1).await?;
    world.until_count(PARKED, 1).await?;
    world.end().await
}
