//! Dead letters: the guilty stay parked, the innocent are applied.

use std::time::Duration;

use anyhow::Result;
use relais_platform::broker::envelope::Envelope;
use relais_scheduling::Scheduling;
use relais_tests::{Told, World, message};

use super::{APPOINTMENTS, PARKED};

/// Dead letters that are being tried, or were found guilty.
const NOTED: &str = "SELECT count(*) FROM parked WHERE cause = 'killed'";
/// Holds up whoever opens an appointment.
const LOCK: &str = "LOCK TABLE appointment IN EXCLUSIVE MODE";

fn letter(told: &Told) -> Envelope {
    message(told.id.0, 1, told.submitted())
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
async fn one_that_two_instances_meet_at_once_is_applied_once() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let twice = letter(&Told::new("AAAA-BBBB-CCC"));
    let mut stranger = world.database.begin().await?;
    sqlx::query(LOCK).execute(&mut *stranger).await?;
    world.tap.bury(&twice, "scheduling").await?;
    world.until_count(NOTED, 1).await?;
    let other = world.another().await?;
    world.tap.bury(&twice, "scheduling").await?;
    // The other instance counts its own try in the note, and waits for the first.
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'killed' AND attempt = 2", 1).await?;
    stranger.rollback().await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.until_count(PARKED, 0).await?;
    other.stop::<Scheduling>().await;
    world.end().await
}

/// An outage in the midst of a try is no death: the note is taken back when the message is applied.
#[tokio::test]
async fn an_innocent_one_outlasts_a_hiccup_of_the_database() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let refuse = "CREATE FUNCTION no_memory() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                      RAISE EXCEPTION 'no memory' USING ERRCODE = '53200'; END $$";
    sqlx::query(refuse).execute(&world.database).await?;
    let trigger = "CREATE TRIGGER no_memory BEFORE INSERT ON appointment EXECUTE FUNCTION no_memory()";
    sqlx::query(trigger).execute(&world.database).await?;
    world.tap.bury(&letter(&Told::new("AAAA-BBBB-CCC")), "scheduling").await?;
    world.until_count(NOTED, 1).await?;
    sqlx::query("DROP TRIGGER no_memory ON appointment").execute(&world.database).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.until_count(PARKED, 0).await?;
    world.end().await
}

/// A drain in the midst of a try is no death either.
#[tokio::test]
async fn an_innocent_one_outlasts_a_stop_of_its_service() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let mut stranger = world.database.begin().await?;
    sqlx::query(LOCK).execute(&mut *stranger).await?;
    world.tap.bury(&letter(&Told::new("AAAA-BBBB-CCC")), "scheduling").await?;
    world.until_count(NOTED, 1).await?;
    // The lock is lifted while the service stops and waits for its units.
    let lifted = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(700)).await;
        stranger.rollback().await
    });
    let world = world.while_stopped(async |_| Ok(())).await?;
    lifted.await??;
    world.until_count(APPOINTMENTS, 1).await?;
    world.until_count(PARKED, 0).await?;
    world.end().await
}

#[tokio::test]
async fn one_that_cannot_be_noted_is_kept_as_it_came_and_says_why() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let refuse = "ALTER TABLE parked ADD CONSTRAINT no_note CHECK (cause <> 'killed')";
    sqlx::query(refuse).execute(&world.database).await?;
    world.tap.bury(&letter(&Told::new("AAAA-BBBB-CCC")), "scheduling").await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'unreadable' AND error LIKE '%no_note%'", 1).await?;
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
