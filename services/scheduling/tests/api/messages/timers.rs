//! Timers: once across instances, late after a stop, the most urgent first; one that fails stops no other.

use std::collections::HashSet;

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{
    Context, Error, Service, bootstrap::Running, broker::envelope::Envelope, calls::Rules, clock::machine_now,
    consumer::Handler, database::Unit, events::Event, timers::Timer,
};
use relais_scheduling::Scheduling;
use relais_tests::World;
use sqlx::{PgPool, migrate::Migrator};
use tonic::service::Routes;
use uuid::Uuid;

/// The scheduling service with other deadlines: when one is due, an audit row says so.
struct Ticking;

impl Handler for Ticking {
    async fn consume(_: &mut Unit<'_>, _: &Event, _: &Envelope) -> relais_platform::Result<()> {
        Ok(())
    }
}

impl Service for Ticking {
    const NAME: &'static str = Scheduling::NAME;
    const DEFAULTS: &'static str = Scheduling::DEFAULTS;
    const GRPC: &'static [&'static str] = Scheduling::GRPC;
    const RULES: Rules = Scheduling::RULES;

    fn migrator() -> &'static Migrator {
        Scheduling::migrator()
    }

    fn routes(context: &Context) -> Routes {
        Scheduling::routes(context)
    }

    async fn due(unit: &mut Unit<'_>, timer: &Timer) -> relais_platform::Result<()> {
        unit.audit(format!("rang/{}/{}", timer.kind, timer.subject));
        if timer.kind == "without-a-telephone" {
            return Err(Error::internal(anyhow::anyhow!("nobody to call")));
        }
        if timer.kind == "without-its-table" {
            sqlx::query("SELECT FROM a_table_that_is_missing").execute(unit.sql()).await?;
        }
        Ok(())
    }
}

async fn set(database: &PgPool, kind: &str, urgency: i16, due_in: TimeDelta) -> Result<Uuid> {
    let subject = Uuid::now_v7();
    sqlx::query("INSERT INTO timer (id, kind, subject, due_at, urgency) VALUES ($1, $2, $1, $3, $4)")
        .bind(subject)
        .bind(kind)
        .bind(machine_now() + due_in)
        .bind(urgency)
        .execute(database)
        .await?;
    Ok(subject)
}

/// Subjects in the order in which they rang.
async fn rang(database: &PgPool) -> Result<Vec<Uuid>> {
    let query = "SELECT split_part(resource, '/', 3)::uuid FROM audit WHERE resource LIKE 'rang/%' ORDER BY id";
    Ok(sqlx::query_scalar(query).fetch_all(database).await?)
}

async fn until_empty(world: &World<Ticking>) -> Result<()> {
    world.until_count("SELECT count(*) FROM timer WHERE kind = 'reminder'", 0).await
}

const POLL: [(&str, &str); 2] = [("RELAIS__TIMERS__POLL_MS", "50"), ("RELAIS__TIMERS__RETRY_FIRST_MS", "200")];

#[tokio::test]
async fn each_rings_once_across_three_instances() -> Result<()> {
    let world = World::<Ticking>::start_with(&POLL).await?;
    let others: [Running; 2] = [world.another().await?, world.another().await?];
    let mut all = HashSet::new();
    for i in 0..300 {
        all.insert(set(&world.database, "reminder", (i % 4) as i16, TimeDelta::milliseconds(i * 5)).await?);
    }
    until_empty(&world).await?;
    let rung = rang(&world.database).await?;
    assert_eq!(rung.len(), 300, "a timer rang twice, or not at all");
    assert_eq!(rung.into_iter().collect::<HashSet<_>>(), all);
    for other in others {
        other.stop::<Ticking>().await;
    }
    world.end().await
}

#[tokio::test]
async fn late_ones_ring_after_a_stop_the_most_urgent_first() -> Result<()> {
    let world = World::<Ticking>::start_with(&POLL).await?;
    let mut expected = Vec::new();
    let world = world.while_stopped(async |database| {
        let late = async |urgency: i16, hours: i64| set(database, "reminder", urgency, TimeDelta::hours(-hours)).await;
        let (routine_old, urgent) = (late(3, 9).await?, late(2, 1).await?);
        let (stat_new, stat_old) = (late(0, 1).await?, late(0, 2).await?);
        set(database, "of-later", 0, TimeDelta::hours(2)).await?;
        expected = vec![stat_old, stat_new, urgent, routine_old];
        Ok(())
    });
    let world = world.await?;
    until_empty(&world).await?;
    assert_eq!(rang(&world.database).await?, expected);
    assert_eq!(world.count("SELECT count(*) FROM timer WHERE kind = 'of-later'").await?, 1, "it is not due");
    world.end().await
}

/// The reminder of a patient without a telephone once stopped the reminders of all.
#[tokio::test]
async fn one_that_fails_stops_no_other_and_is_not_given_up() -> Result<()> {
    let world = World::<Ticking>::start_with(&POLL).await?;
    set(&world.database, "without-a-telephone", 0, TimeDelta::hours(-1)).await?;
    for _ in 0..50 {
        set(&world.database, "reminder", 3, TimeDelta::zero()).await?;
    }
    until_empty(&world).await?;
    world.until_count("SELECT count(*) FROM timer WHERE attempt >= 2 AND error LIKE 'INTERNAL%'", 1).await?;
    // What failed left nothing behind.
    assert_eq!(rang(&world.database).await?.len(), 50);
    world.abandon().await
}

/// What looks like an outage though the database answers is the timer's own fault: it waits by itself.
#[tokio::test]
async fn one_that_always_looks_like_an_outage_stops_no_other() -> Result<()> {
    let world = World::<Ticking>::start_with(&POLL).await?;
    set(&world.database, "without-its-table", 0, TimeDelta::hours(-1)).await?;
    for _ in 0..20 {
        set(&world.database, "reminder", 3, TimeDelta::zero()).await?;
    }
    until_empty(&world).await?;
    assert_eq!(rang(&world.database).await?.len(), 20, "each once, and nothing of what failed");
    // Tried again with a growing delay, and never given up.
    world
        .until_count("SELECT count(*) FROM timer WHERE attempt >= 2 AND error LIKE 'TEMPORARILY_UNAVAILABLE%'", 1)
        .await?;
    for _ in 0..20 {
        set(&world.database, "reminder", 3, TimeDelta::zero()).await?;
    }
    until_empty(&world).await?;
    world.abandon().await
}
