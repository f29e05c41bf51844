//! A rolling upgrade: two versions live side by side under load, over a schema that expands before and contracts after.
//!
//! `relais-rolling` (tests/rolling) is the referral service in three versions. What `docs/operations.md` tells an operator to do is
//! done here step by step.

mod instance;
mod load;

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use relais_tests::{Identity, Options, Suite, eventually, partnership::Partners, settled};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};

use instance::{Instance, migrate, session};
use load::Load;

/// Referrals that are taken in each phase, at the least.
const SOME: usize = 20;

fn free() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// How many appointments a version has noted.
async fn noted_by(suite: &Suite, version: u8) -> Result<i64> {
    let sql = match version {
        1 => "SELECT count(*) FROM referral.seen_appointment WHERE program = 1",
        _ => "SELECT count(*) FROM referral.seen_appointment WHERE program > 1",
    };
    suite.count("referral", sql).await
}

/// Waits until a version has noted more than it had.
async fn until_noted(suite: &Suite, version: u8) -> Result<()> {
    let before = noted_by(suite, version).await?;
    let more = || async { Ok((noted_by(suite, version).await? > before).then_some(())) };
    eventually(&format!("version {version} takes messages"), more).await
}

#[tokio::test]
async fn one_version_replaces_another_under_load_and_nothing_is_lost() -> Result<()> {
    let mut suite = Suite::prepare(Options::default()).await?;
    migrate(&suite, 1).await?;
    let (first, second) = (suite.address("referral"), free()?);
    let old = Instance::start(&suite, 1, first)?;
    for service in ["scheduling", "results", "notification"] {
        suite.launch(service)?;
    }
    suite.until_serving().await?;
    let partners = Arc::new(Partners::meet(&suite).await?);
    let mut load = Load::begin(&suite, &partners, [first, second])?;

    // The new program waits for its schema: it says so, and whoever calls it nevertheless is sent elsewhere.
    let new = Instance::start(&suite, 2, second)?;
    new.until(NotServing).await?;
    let desk = session(&suite, second, &partners.sender)?;
    let refused = desk.referrals().submit_referral(partners.request()).await.expect_err("it does not serve yet");
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    load.until_more(SOME).await?;
    assert_eq!((new.health().await?, noted_by(&suite, 2).await?), (NotServing, 0));

    // Expand, while the old one serves; then both do, and both take messages.
    migrate(&suite, 2).await?;
    new.until(Serving).await?;
    assert_eq!(old.health().await?, Serving);
    load.until_more(SOME).await?;
    until_noted(&suite, 1).await?;
    until_noted(&suite, 2).await?;

    going_back_is_possible(&suite).await?;

    old.end().await?;
    load.until_more(SOME).await?;
    let replaced = Instance::start(&suite, 2, first)?;
    replaced.until(Serving).await?;

    // Contract, while those of version 2 serve: nobody of version 1 is left.
    migrate(&suite, 3).await?;
    load.until_more(SOME).await?;
    until_noted(&suite, 2).await?;
    assert_eq!((new.health().await?, replaced.health().await?), (Serving, Serving));
    let (acknowledged, retried) = load.end().await?;
    println!("{acknowledged} referrals were acknowledged; {retried} calls were tried again");
    nothing_is_lost(&suite, i64::try_from(acknowledged)?).await?;
    for instance in [new, replaced] {
        instance.end().await?;
    }
    suite.stop().await
}

/// Whoever goes back starts the version before on the newer schema, its migrations first: it serves.
async fn going_back_is_possible(suite: &Suite) -> Result<()> {
    migrate(suite, 1).await?;
    let again = Instance::start(suite, 1, free()?)?;
    again.until(Serving).await?;
    again.end().await
}

/// Every acknowledged referral is there, has its effect everywhere once, and both shapes of the sample's rows are one.
async fn nothing_is_lost(suite: &Suite, acknowledged: i64) -> Result<()> {
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await.context("settling")?;
    for (service, sql) in [
        ("referral", "SELECT count(*) FROM referral.referral"),
        ("scheduling", "SELECT count(*) FROM scheduling.appointment"),
        ("results", "SELECT count(*) FROM results.service_order"),
        ("notification", "SELECT count(*) FROM notification.message"),
        ("referral", "SELECT count(*) FROM referral.referral_appointment"),
        (
            "referral",
            "SELECT count(*) FROM referral.seen_appointment s JOIN referral.referral r ON r.id = s.referral_id",
        ),
    ] {
        assert_eq!(suite.count(service, sql).await?, acknowledged, "{sql}");
    }
    for (service, sql) in [
        ("referral", "SELECT count(*) FROM referral.parked"),
        ("scheduling", "SELECT count(*) FROM scheduling.parked"),
        ("results", "SELECT count(*) FROM results.parked"),
        ("notification", "SELECT count(*) FROM notification.parked"),
    ] {
        assert_eq!(suite.count(service, sql).await?, 0, "{sql}");
    }
    Ok(())
}
