//! What ages is removed, and nothing else.

use std::time::Duration;

use anyhow::Result;
use relais_platform::{Service as _, audit, settings::RetentionSettings};
use relais_referral::Referral as Service;
use relais_tests::World;
use sqlx::AssertSqlSafe;
use tokio::time::timeout;

use crate::partners::Partners;

/// A day so many days ago, with a row of that day in each table that has partitions; and a request's key of then.
async fn day(world: &World<Service>, ago: i32) -> Result<()> {
    for (table, columns, values) in [
        (
            "outbox_sent",
            "id, type, aggregate_kind, aggregate_id, version, time, payload, trace",
            "'t', 'k', gen_random_uuid(), 1, now(), '', '{}'",
        ),
        ("inbox", "message_id, consumer", "'test'"),
        ("audit", "id, at, caller, action, resource, trace_id", "now(), 'somebody', 'read', 'patients/1', ''"),
    ] {
        let part = format!(
            "DO $$ DECLARE day date := (now() AT TIME ZONE 'UTC')::date - {ago}; BEGIN
                 EXECUTE format('CREATE TABLE {table}_%s PARTITION OF {table} FOR VALUES FROM (%L) TO (%L)',
                     to_char(day, 'YYYYMMDD'), uuid_v7_floor(day::timestamp AT TIME ZONE 'UTC'),
                     uuid_v7_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
             END $$"
        );
        let row = format!(
            "INSERT INTO {table} ({columns})
             VALUES (uuid_v7_floor(((now() AT TIME ZONE 'UTC')::date - {ago})::timestamp AT TIME ZONE 'UTC'), {values})"
        );
        sqlx::query(AssertSqlSafe(part)).execute(&world.database).await?;
        sqlx::query(AssertSqlSafe(row)).execute(&world.database).await?;
    }
    sqlx::query(
        "INSERT INTO idempotency_key (caller, rpc, request_id, body_hash, outcome_id, outcome_version, created_at)
         VALUES ('somebody', '/r', gen_random_uuid(), '', gen_random_uuid(), 1, now() - make_interval(days => $1))",
    )
    .bind(ago)
    .execute(&world.database)
    .await?;
    Ok(())
}

/// How many of the tables that [`day`] made are there, in the order in which it makes them.
async fn days(world: &World<Service>) -> Result<Vec<i64>> {
    let mut counts = Vec::new();
    for table in ["outbox_sent", "inbox", "audit"] {
        let counting = format!(
            "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = '{table}'::regclass AND c.relname ~ '_[0-9]{{8}}$'
               AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date"
        );
        counts.push(sqlx::query_scalar(AssertSqlSafe(counting)).fetch_one(&world.database).await?);
    }
    counts.push(world.count("SELECT count(*) FROM idempotency_key WHERE rpc = '/r'").await?);
    Ok(counts)
}

/// What is removed in all: a day that somebody is just reading is dropped the next time. The service's own housekeeping, as it
/// starts, may have removed some of it before, by the same rules.
async fn remove(world: &World<Service>, kept: &RetentionSettings) -> Result<(i32, i64)> {
    let (mut removed, mut quiet) = ((0, 0), 0);
    while quiet < 3 {
        let (partitions, rows) = world.running.context.database.remove_aged(kept).await?;
        removed = (removed.0 + partitions, removed.1 + rows);
        quiet = if (partitions, rows) == (0, 0) { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(removed)
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_is_removed_and_the_rest_stays() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let world = &partners.world;
    for ago in [2, 10, 40, 400] {
        day(world, ago).await?;
    }
    let kept = RetentionSettings { sent_days: 7, inbox_days: 30, request_key_days: 7, audit_days: 0 };
    let removed = remove(world, &kept).await?;
    assert_eq!(days(world).await?, [1, 2, 4, 1], "{removed:?}");
    assert_eq!(remove(world, &kept).await?, (0, 0), "a second time");
    // However short it is wished, what safety needs stays: the inbox is a week longer than what is repeated, the audit half a year.
    let nothing = RetentionSettings { sent_days: 0, inbox_days: 0, request_key_days: 0, audit_days: 1 };
    remove(world, &nothing).await?;
    assert_eq!(days(world).await?, [0, 1, 3, 0]);
    assert_eq!(world.count("SELECT count(*) FROM referral").await?, 1, "{sent:?}");
    partners.world.abandon().await
}

/// A backup reads the audit for as long as it takes: who makes the partition of a day gives up before others must wait behind it.
#[tokio::test]
async fn a_partition_is_not_waited_for_while_somebody_reads_the_table() -> Result<()> {
    let partners = Partners::meet().await?;
    let world = &partners.world;
    let mut reads = world.database.begin().await?;
    sqlx::query("SELECT count(*) FROM audit").execute(&mut *reads).await?;
    let eighth = || sqlx::query("SELECT ensure_partitions(8)").execute(&world.database);
    let given_up = timeout(Duration::from_secs(30), eighth()).await?.expect_err("it was made while somebody reads");
    assert_eq!(given_up.as_database_error().and_then(|error| error.code()).as_deref(), Some("55P03"), "{given_up}");
    timeout(Duration::from_secs(30), partners.submit()).await??;
    reads.rollback().await?;
    eighth().await?;
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'audit_' || to_char((now() AT TIME ZONE 'UTC')::date + 8, 'YYYYMMDD')";
    assert_eq!(world.count(made).await?, 1);
    partners.world.abandon().await
}

#[tokio::test]
async fn the_audit_is_sound_without_what_was_removed_for_its_age() -> Result<()> {
    let partners = Partners::meet_with(&[("RELAIS__AUDIT__SEAL_MS", "50")]).await?;
    let world = &partners.world;
    day(world, 400).await?;
    sqlx::query("INSERT INTO audit_unsealed SELECT id FROM audit WHERE caller = 'somebody'")
        .execute(&world.database)
        .await?;
    partners.submit().await?;
    world.until_count("SELECT count(*) FROM audit_unsealed", 0).await?;
    let mut settings = world.settings.clone();
    settings.retention.audit_days = 365;
    let before = audit::verify(&settings, Service::NAME, None).await?;
    remove(world, &settings.retention).await?;
    assert_eq!(days(world).await?[..3], [0, 0, 0]);
    assert_eq!(world.count("SELECT count(*) FROM audit WHERE caller = 'somebody'").await?, 0);
    let after = audit::verify(&settings, Service::NAME, None).await?;
    assert_eq!((after.rows + 1, after.head), (before.rows, before.head));
    // Whoever keeps everything misses it.
    settings.retention.audit_days = 0;
    let error = audit::verify(&settings, Service::NAME, None).await.expect_err("a row is gone");
    assert!(error.to_string().contains("was removed"), "{error:#}");
    partners.world.abandon().await
}
