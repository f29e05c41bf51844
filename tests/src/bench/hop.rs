//! From a commit to the commit that it leads to in another service: a referral, and its appointment.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use relais_platform::clock::machine_now;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{Plan, report::Hop, say, stage::Stage};
use crate::{SERVICES, partnership::Partners};

/// Callers that submit at once to find the full rate.
const CALLERS: usize = 32;
/// Before anything counts.
const WARM_UP: Duration = Duration::from_secs(2);

type Span = (DateTime<Utc>, DateTime<Utc>);

pub(super) async fn measure(plan: Plan) -> Result<Vec<Hop>> {
    say("from commit to commit");
    let mut stage = Stage::prepare().await?;
    for service in SERVICES {
        stage.suite.launch(service)?;
    }
    stage.suite.until_serving().await?;
    let partners = Arc::new(Partners::meet(&stage.suite).await?);
    closed_loop(&partners, WARM_UP).await?;
    let full = full_rate(&mut stage, closed_loop(&partners, plan.time).await?).await?;
    let mut hops = vec![Hop { share: "full, 32 callers at once", rate: full, percentiles: None }];
    for (share, part) in [("a quarter", 0.25), ("a half", 0.5)] {
        settle(&mut stage).await?;
        let span = open_loop(&partners, full * part, plan.time).await?;
        settle(&mut stage).await?;
        let percentiles = stage.rows.hop(span).await?;
        say(format!("{share}: {:.1} ms, {:.1} ms", percentiles.0, percentiles.1));
        hops.push(Hop { share, rate: full * part, percentiles: Some(percentiles) });
    }
    stage.end().await?;
    Ok(hops)
}

/// Appointments a second: what goes all the way, whatever is submitted.
async fn full_rate(stage: &mut Stage, span: Span) -> Result<f64> {
    let seconds = (span.1 - span.0).as_seconds_f64();
    let submitted = rate(stage.rows.committed("referral.referral", span).await?, seconds);
    let opened = rate(stage.rows.committed("scheduling.appointment", span).await?, seconds);
    say(format!("{submitted:.0} referrals and {opened:.0} appointments a second at full rate"));
    Ok(opened)
}

#[allow(clippy::cast_precision_loss, reason = "a count of rows is far below 2^52")]
fn rate(rows: i64, seconds: f64) -> f64 {
    rows as f64 / seconds
}

/// Each caller submits again as soon as it is answered.
async fn closed_loop(partners: &Arc<Partners>, time: Duration) -> Result<Span> {
    let (from, until) = (machine_now(), Instant::now() + time);
    let caller = |_| async move {
        while Instant::now() < until {
            partners.submit(partners.request()).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..CALLERS).map(caller)).await?;
    Ok((from, machine_now()))
}

/// Submits at a rate, whether the ones before are answered or not.
async fn open_loop(partners: &Arc<Partners>, rate: f64, time: Duration) -> Result<Span> {
    let (from, until) = (machine_now(), Instant::now() + time);
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut calls = JoinSet::new();
    while ticks.tick().await < until {
        let partners = partners.clone();
        calls.spawn(async move { partners.submit(partners.request()).await });
    }
    while let Some(call) = calls.join_next().await {
        call??;
    }
    Ok((from, machine_now()))
}

/// Waits until every referral has its appointment, and nothing is on its way.
async fn settle(stage: &mut Stage) -> Result<()> {
    let referrals = stage.rows.count("referral.referral").await?;
    stage.until_rows("scheduling.appointment", usize::try_from(referrals)?).await?;
    for service in SERVICES {
        stage.until_rows(&format!("{service}.outbox"), 0).await?;
        stage.until_waiting(service, 0).await?;
    }
    Ok(())
}
