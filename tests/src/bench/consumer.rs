//! Consumers that commit, against one that only acknowledges.

use anyhow::Result;
use relais_platform::broker::envelope::Envelope;

use super::{Plan, load, report::Figure, say, stage::Stage};

pub(super) async fn measure(plan: Plan) -> Result<[Figure; 2]> {
    let mut referral = Figure::new("referral notes appointments, to a consumer that acknowledges", Some(0.7));
    let mut scheduling = Figure::new("scheduling opens appointments, to a consumer that acknowledges", None);
    for run in 1..=plan.runs {
        say(format!("consumers, run {run} of {}", plan.runs));
        let (ours, limit) = noting(plan.messages).await?;
        referral.add(ours, limit);
        let (ours, limit) = opening(plan.messages).await?;
        scheduling.add(ours, limit);
    }
    Ok([referral, scheduling])
}

/// An effect of one row, and no event of its own.
async fn noting(messages: usize) -> Result<(f64, f64)> {
    let (mut stage, (referrals, events)) = (Stage::prepare().await?, load::proposed(messages));
    stage.rows.insert_referrals(&referrals).await?;
    let rates = consumed(&mut stage, "referral", &events).await?;
    stage.end().await?;
    Ok(rates)
}

/// An effect of several rows and an event, which the same program publishes meanwhile.
async fn opening(messages: usize) -> Result<(f64, f64)> {
    let (mut stage, events) = (Stage::prepare().await?, load::submitted(messages));
    let rates = consumed(&mut stage, "scheduling", &events).await?;
    stage.end().await?;
    Ok(rates)
}

async fn consumed(stage: &mut Stage, service: &'static str, events: &[Envelope]) -> Result<(f64, f64)> {
    stage.bare.publish(events).await?;
    let limit = stage.bare.consume(service, events.len()).await?;
    stage.bare.purge().await?;
    stage.bare.publish(events).await?;
    stage.suite.launch(service)?;
    stage.until_waiting(service, 0).await?;
    let inbox = format!("{service}.inbox");
    stage.until_rows(&inbox, events.len()).await?;
    Ok((stage.rows.commit_rate(&inbox).await?, limit))
}
