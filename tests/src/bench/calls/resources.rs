//! What a service takes before it does anything: time until it serves, and memory while it is idle.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tonic_health::pb::health_check_response::ServingStatus::Serving;

use super::{Plan, place::traced};
use crate::{
    SERVICES,
    bench::{report::Bound, say, stage::Stage},
};

const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);
const STARTS: [&str; 4] = [
    "referral, start to serving, s",
    "scheduling, start to serving, s",
    "results, start to serving, s",
    "notification, start to serving, s",
];
const SIZES: [&str; 4] = [
    "referral, resident memory while idle, MB",
    "scheduling, resident memory while idle, MB",
    "results, resident memory while idle, MB",
    "notification, resident memory while idle, MB",
];

pub(super) async fn measure(plan: Plan) -> Result<Vec<Bound>> {
    say("start and memory");
    let mut stage = Stage::prepare_as(traced().await?).await?;
    let mut starts = STARTS.map(|what| Bound::new(what, 2.0));
    let mut sizes = SIZES.map(|what| Bound::new(what, 40.0));
    for run in 1..=plan.runs {
        say(format!("start and memory, run {run} of {}", plan.runs));
        for (service, start) in SERVICES.into_iter().zip(&mut starts) {
            start.add(start_of(&mut stage, service).await?);
        }
        stage.suite.until_serving().await?;
        tokio::time::sleep(plan.idle).await;
        for (service, size) in SERVICES.into_iter().zip(&mut sizes) {
            size.add(resident(stage.suite.pid(service)?)?);
        }
        for service in SERVICES {
            stage.suite.end(service)?;
            stage.suite.until_ended(service).await?;
        }
    }
    stage.end().await?;
    Ok(starts.into_iter().chain(sizes).collect())
}

/// Seconds from its start until it says that it serves.
async fn start_of(stage: &mut Stage, service: &'static str) -> Result<f64> {
    let began = Instant::now();
    stage.suite.launch(service)?;
    while stage.suite.health(service, "").await.ok() != Some(Serving) {
        ensure!(began.elapsed() < PATIENCE, "{service} does not serve");
        tokio::time::sleep(LOOK).await;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Megabytes of a process in memory.
fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}
