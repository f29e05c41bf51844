//! The chain over real rows: whoever changes them past every trigger is found out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use relais_platform::{
    Service as _,
    audit::{self, Verified, chain::Fault},
};
use relais_referral::Referral as Service;
use relais_tests::{World, eventually, partnership::Partners};
use sqlx::{AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

const UNSEALED: &str = "SELECT count(*) FROM audit_unsealed";

/// A world whose audit is sealed often, and where its heads go.
async fn sealing() -> Result<(World<Service>, PathBuf)> {
    let file = std::env::temp_dir().join(format!("relais-heads-{}", Uuid::now_v7()));
    let path = file.display().to_string();
    let settings = [("RELAIS__AUDIT__SEAL_MS", "50"), ("RELAIS__AUDIT__HEADS_FILE", path.as_str())];
    Ok((World::start_with(&settings).await?, file))
}

/// Some accesses, in several seals.
async fn accesses(world: &World<Service>) -> Result<()> {
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    for _ in 0..4 {
        partners.submit(partners.request()).await?;
        world.until_count(UNSEALED, 0).await?;
    }
    Ok(())
}

async fn verify(world: &World<Service>, file: Option<&Path>) -> Result<Verified> {
    audit::verify(&world.settings, Service::NAME, file).await
}

async fn fault(world: &World<Service>) -> Result<Fault> {
    let error = verify(world, None).await.err().context("no fault was found")?;
    audit::fault(&error).cloned().with_context(|| format!("{error:#}"))
}

#[tokio::test]
async fn every_row_is_sealed_and_its_head_exported() -> Result<()> {
    let (world, file) = sealing().await?;
    accesses(&world).await?;
    // A head leaves after the commit of its seal.
    let sound = eventually("the last head is exported", || async {
        Ok(Some(verify(&world, None).await?).filter(|sound| sound.heads >= 4))
    })
    .await?;
    assert_eq!(i64::try_from(sound.rows)?, world.count("SELECT count(*) FROM audit").await?);
    assert!(sound.seals >= 4, "{sound:?}");
    world.end().await?;
    Ok(std::fs::remove_file(file)?)
}

/// One that began earlier and commits later is in a later seal, under an id that is smaller than sealed ones.
#[tokio::test]
async fn a_row_that_commits_late_is_sealed_later() -> Result<()> {
    let (world, file) = sealing().await?;
    let mut slow = world.database.begin().await?;
    let late = Uuid::now_v7();
    let insert =
        "INSERT INTO audit (id, at, caller, action, resource, trace_id) VALUES ($1, now(), 'slow', '', '', '')";
    sqlx::query(insert).bind(late).execute(&mut *slow).await?;
    sqlx::query("INSERT INTO audit_unsealed (id) VALUES ($1)").bind(late).execute(&mut *slow).await?;
    accesses(&world).await?;
    let before = verify(&world, None).await?;
    slow.commit().await?;
    world.until_count(UNSEALED, 0).await?;
    let after = verify(&world, None).await?;
    assert_eq!((after.rows, after.seals), (before.rows + 1, before.seals + 1));
    world.end().await?;
    Ok(std::fs::remove_file(file)?)
}

#[tokio::test]
async fn two_instances_make_one_chain() -> Result<()> {
    let (world, file) = sealing().await?;
    let other = world.another().await?;
    accesses(&world).await?;
    assert_eq!(verify(&world, None).await?.rows, usize::try_from(world.count("SELECT count(*) FROM audit").await?)?);
    other.stop::<Service>().await;
    world.end().await?;
    Ok(std::fs::remove_file(file)?)
}

#[tokio::test]
async fn an_intruder_past_every_trigger_is_found() -> Result<()> {
    let (world, file) = sealing().await?;
    accesses(&world).await?;
    let mut intruder = world.intruder().await?;
    let first = "(SELECT id FROM audit ORDER BY id LIMIT 1)";
    let columns = [
        "at = at + interval '1 microsecond'",
        "caller = caller || ' '",
        "actor = 'x'",
        "organisation = id",
        "unit = id",
        "practitioner = id",
        "action = action || '/'",
        "purpose = ' '",
        "resource = ''",
        "patient = id",
        "referral = id",
        "outcome = 'served'",
        "trace_id = upper(trace_id) || 'x'",
    ];
    for change in columns {
        let before = format!("CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE id = {first}");
        intruder.execute(AssertSqlSafe(before)).await?;
        intruder.execute(AssertSqlSafe(format!("UPDATE audit SET {change} WHERE id = {first}"))).await?;
        assert_eq!(fault(&world).await?, Fault::RowChanged(1), "{change}");
        intruder.execute(AssertSqlSafe(format!("DELETE FROM audit WHERE id = {first}"))).await?;
        assert!(matches!(fault(&world).await?, Fault::RowMissing(1, _)), "removed");
        intruder.execute("INSERT INTO audit SELECT * FROM kept; DROP TABLE kept").await?;
        verify(&world, None).await.context("put back as it was")?;
    }
    // Two rows swapped: the callers of the first and the last.
    intruder
        .execute(
            "UPDATE audit a SET resource = b.resource FROM audit b
             WHERE a.id = (SELECT id FROM audit ORDER BY id DESC LIMIT 1)
               AND b.id = (SELECT id FROM audit ORDER BY id LIMIT 1)",
        )
        .await?;
    assert!(matches!(fault(&world).await?, Fault::RowChanged(_)), "swapped");
    intruder.close().await?;
    world.abandon().await?;
    Ok(std::fs::remove_file(file)?)
}

#[tokio::test]
async fn a_cut_tail_is_found_by_the_exported_heads() -> Result<()> {
    let (world, file) = sealing().await?;
    accesses(&world).await?;
    let last = world.count("SELECT max(seq) FROM audit_seal").await?;
    let mut intruder = world.intruder().await?;
    // The last seal goes with all its rows: what is left is a sound chain.
    intruder
        .execute(
            "WITH cut AS (DELETE FROM audit_seal WHERE seq = (SELECT max(seq) FROM audit_seal) RETURNING members)
             DELETE FROM audit USING cut WHERE id = ANY(members)",
        )
        .await?;
    assert_eq!(fault(&world).await?, Fault::TailCut(last));
    let nothing = file.with_extension("empty");
    std::fs::write(&nothing, "")?;
    let refused = verify(&world, Some(&nothing)).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("holds no head"), "without heads nobody could tell: {refused}");
    // A seal from the middle.
    intruder.execute("DELETE FROM audit_seal WHERE seq = 2").await?;
    assert_eq!(fault(&world).await?, Fault::SealMissing(2));
    intruder.close().await?;
    world.abandon().await?;
    std::fs::remove_file(nothing)?;
    Ok(std::fs::remove_file(file)?)
}

#[tokio::test]
async fn a_row_inserted_past_the_sealer_is_found() -> Result<()> {
    let (world, file) = sealing().await?;
    accesses(&world).await?;
    let mut intruder = world.intruder().await?;
    // An id of two minutes ago: a minute is what the sealer has. And ids of times to come: of in an hour, which has a partition, and of
    // a year that has none.
    for id in ["now() - interval '2 minutes'", "now() + interval '1 hour'", "timestamptz '2100-01-01'"] {
        verify(&world, None).await.context("sound before")?;
        let forge = format!(
            "INSERT INTO audit (id, at, caller, action, resource, trace_id)
             VALUES (referral.uuid_v7_floor({id}), now(), 'nobody', '', '', '')"
        );
        intruder.execute(AssertSqlSafe(forge)).await?;
        assert!(matches!(fault(&world).await?, Fault::Unsealed(_)), "{id}");
        intruder.execute("DELETE FROM audit WHERE caller = 'nobody'").await?;
    }
    intruder.close().await?;
    world.abandon().await?;
    Ok(std::fs::remove_file(file)?)
}
