//! What the suite reaches against the bare limit of what it stands on, measured in the same run on the same machine.
//!
//! Ours is always the program as it is shipped, a process of its own; the bare side is the least that could do the same,
//! on the same queues with the same messages. Both are counted from their first message to their last, so that nobody's
//! start counts: ours by the commit times that PostgreSQL keeps (`track_commit_timestamp`), which cost ours nothing.

mod bare;
mod calls;
mod consumer;
mod hop;
mod limit;
mod load;
mod machine;
mod relay;
mod report;
pub mod rows;
mod stage;
mod visibility;

use std::time::Duration;

use anyhow::Result;

use crate::Servers;
use machine::Machine;
use report::Report;

pub use calls::{Part as CallPart, Plan as CallPlan, calls};
pub use limit::serve as serve_limit;

/// What of the messages' way is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// From the outbox to the queues.
    Relay,
    /// From a queue to the commit.
    Consumers,
    /// From a commit to the commit that it leads to.
    Hop,
}

/// What is measured, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// One part alone.
    pub only: Option<Part>,
    /// How often; medians count.
    pub runs: usize,
    /// Events in the outbox that a relay is to drain.
    pub backlog: usize,
    /// Messages published or consumed.
    pub messages: usize,
    /// How long referrals are submitted, at each rate.
    pub time: Duration,
    /// Whether the floors count: a small measurement cannot tell.
    pub judged: bool,
}

impl Plan {
    /// Enough to compare by.
    pub fn of(runs: usize, backlog: usize) -> Self {
        Self { only: None, runs, backlog, messages: backlog * 3 / 10, time: Duration::from_secs(15), judged: true }
    }

    /// Enough to see that everything can be measured.
    pub fn quick() -> Self {
        Self { only: None, runs: 1, backlog: 5_000, messages: 5_000, time: Duration::from_secs(3), judged: false }
    }
}

/// Measures how messages travel and says what came out; false: a floor is missed.
///
/// # Errors
/// Outside of `./dev`, or when something cannot be measured.
pub async fn messages(plan: Plan) -> Result<bool> {
    let servers = Servers::from_env()?;
    let Plan { runs, backlog, messages, .. } = plan;
    let scale = format!("{messages} messages, {backlog} where a backlog is drained");
    let mut report = Report::new(Machine::look(&servers).await?, runs, scale);
    let wanted = |part| plan.only.is_none_or(|only| only == part);
    if wanted(Part::Relay) {
        report.figures.extend(relay::measure(plan).await?);
    }
    if wanted(Part::Consumers) {
        report.figures.extend(consumer::measure(plan).await?);
    }
    if wanted(Part::Hop) {
        report.hops = hop::measure(plan).await?;
    }
    println!("{report}");
    report.write(&servers.bench("messages.md"))?;
    Ok(!plan.judged || report.passes())
}

/// Measures what row level security costs and says what came out; false: it costs more than it may.
///
/// # Errors
/// As [`messages`].
pub async fn visibility(plan: Plan) -> Result<bool> {
    let servers = Servers::from_env()?;
    let mut report = Report::new(Machine::look(&servers).await?, plan.runs, visibility::scale(plan));
    report.figures.extend(visibility::measure(plan).await?);
    println!("{report}");
    report.write(&servers.bench("visibility.md"))?;
    Ok(!plan.judged || report.passes())
}

/// Says how far it is, apart from the result.
fn say(what: impl std::fmt::Display) {
    eprintln!("  {what}");
}
