//! What a call costs, with everything on (token, admission, timeline, audit, row level security, idempotency, trace), against the
//! least that could do the same.
//!
//! The limit ([`super::limit`]) takes the same messages from the same callers in the same run, each side first in every other
//! round. A call is measured at one service alone: the others would take the same cores for work that is measured as the chain.

mod booking;
mod chain;
mod clinic;
mod create;
mod drive;
mod lines;
mod pgbench;
mod place;
mod resources;
mod scale;
mod sink;
mod traces;

use std::time::Duration;

use anyhow::Result;

use super::{machine::Machine, report::Report};
use crate::Servers;

/// What of the calls is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// SubmitReferral and GetReferral.
    Create,
    /// BookAppointment.
    Booking,
    /// From the submission to the booking, and all that others make of both.
    Chain,
    /// Memory of an idle service, and how long it takes to serve.
    Resources,
    /// With and without traces.
    Tracing,
    /// Lists and searches among few and among many.
    Scale,
    /// Places taken of one firm line, and of many.
    Lines,
}

/// What is measured, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// One part alone.
    pub only: Option<Part>,
    /// How often; medians count.
    pub runs: usize,
    /// How long calls are made for one figure of a run.
    pub time: Duration,
    /// Appointments booked, and referrals that go all the way, in one run.
    pub jobs: usize,
    /// How many referrals are kept where that is to make no difference.
    pub kept: [usize; 2],
    /// How long a service has been idle when its memory is read.
    pub idle: Duration,
    /// Whether the floors count: a small measurement cannot tell.
    pub judged: bool,
}

impl Plan {
    /// Enough to compare by.
    pub fn of(runs: usize) -> Self {
        let (time, idle) = (Duration::from_secs(5), Duration::from_secs(10));
        Self { only: None, runs, time, jobs: 1_000, kept: [10_000, 1_000_000], idle, judged: true }
    }

    /// Enough to see that everything can be measured.
    pub fn quick() -> Self {
        let time = Duration::from_secs(1);
        Self { only: None, runs: 1, time, jobs: 100, kept: [2_000, 20_000], idle: time, judged: false }
    }
}

/// Measures what calls cost and says what came out; false: a floor is missed.
///
/// # Errors
/// Outside of `./dev`, or when something cannot be measured.
pub async fn calls(plan: Plan) -> Result<bool> {
    let servers = Servers::from_env()?;
    let [few, many] = plan.kept;
    let scale = format!("{} s for each figure, {} jobs, {few} and {many} kept", plan.time.as_secs(), plan.jobs);
    let mut report = Report::new(Machine::look(&servers).await?, plan.runs, scale);
    let wanted = |part| plan.only.is_none_or(|only| only == part);
    if wanted(Part::Create) {
        report.figures.extend(create::measure(plan).await?);
    }
    if wanted(Part::Booking) {
        report.figures.extend(booking::measure(plan).await?);
    }
    if wanted(Part::Chain) {
        report.figures.push(chain::measure(plan).await?);
    }
    if wanted(Part::Tracing) {
        report.figures.push(traces::measure(plan).await?);
    }
    if wanted(Part::Scale) {
        report.figures.extend(scale::measure(plan).await?);
    }
    if wanted(Part::Lines) {
        report.figures.extend(lines::measure(plan).await?);
    }
    if wanted(Part::Resources) {
        report.bounds.extend(resources::measure(plan).await?);
    }
    println!("{report}");
    report.write(&servers.bench("calls.md"))?;
    Ok(!plan.judged || report.passes())
}

/// The order of the two sides in a run: each goes first in every other one.
fn order(run: usize) -> [usize; 2] {
    [run % 2, (run + 1) % 2]
}
