//! The relay against a bare publisher, and against itself when it was started on an empty outbox.

use std::time::Duration;

use anyhow::Result;

use super::{Plan, load, report::Figure, say, stage::Stage};

/// More than ten polls of an outbox, at the suite's pace: enough for the database to settle on plans for an empty one.
const IDLE: Duration = Duration::from_secs(2);

pub(super) async fn measure(plan: Plan) -> Result<[Figure; 2]> {
    let mut bare = Figure::new("relay, to a bare publisher (confirms, window 100)", Some(0.6));
    let mut empty = Figure::new("relay started on an empty outbox, to one on a full outbox", Some(0.9));
    for run in 1..=plan.runs {
        say(format!("relay, run {run} of {}", plan.runs));
        let (ours, limit) = against_bare(plan.messages).await?;
        bare.add(ours, limit);
        let (full, late) = (started_on_full(plan.backlog).await?, started_on_empty(plan.backlog).await?);
        empty.add(late, full);
    }
    Ok([bare, empty])
}

async fn against_bare(messages: usize) -> Result<(f64, f64)> {
    let (mut stage, events) = (Stage::prepare().await?, load::submitted(messages));
    let limit = stage.bare.publish(&events).await?;
    stage.bare.purge().await?;
    stage.rows.fill_outbox(&events).await?;
    stage.suite.launch("referral")?;
    let ours = drained(&mut stage, messages).await?;
    stage.end().await?;
    Ok((ours, limit))
}

async fn started_on_full(backlog: usize) -> Result<f64> {
    let mut stage = Stage::prepare().await?;
    stage.rows.fill_outbox(&load::submitted(backlog)).await?;
    stage.suite.launch("referral")?;
    let rate = drained(&mut stage, backlog).await?;
    stage.end().await?;
    Ok(rate)
}

async fn started_on_empty(backlog: usize) -> Result<f64> {
    let mut stage = Stage::prepare().await?;
    stage.suite.launch("referral")?;
    stage.suite.until_health("referral", "", SERVING).await?;
    stage.suite.until_health("referral", relais_platform::grpc::health::BROKER, SERVING).await?;
    tokio::time::sleep(IDLE).await;
    stage.rows.fill_outbox(&load::submitted(backlog)).await?;
    let rate = drained(&mut stage, backlog).await?;
    stage.end().await?;
    Ok(rate)
}

const SERVING: tonic_health::pb::health_check_response::ServingStatus =
    tonic_health::pb::health_check_response::ServingStatus::Serving;

/// How many events a second were published, once all are.
async fn drained(stage: &mut Stage, events: usize) -> Result<f64> {
    stage.until_waiting("scheduling", events).await?;
    stage.until_rows("referral.outbox_sent", events).await?;
    stage.bare.purge().await?;
    stage.rows.commit_rate("referral.outbox_sent").await
}
