//! The kill checker: what is promised, held against processes that are killed and frozen under load.
//!
//! Two instances of each service run on servers that can be started again. Clients submit and cancel referrals, write
//! down what they are told, and send again what was not answered (`client.rs`, `record.rs`). A supervisor plays faults
//! that a seed has drawn (`plan.rs`, `supervisor.rs`). Afterwards everything is revived, every request is answered, and
//! all queues must empty (`settle.rs`). Then the record is held against what databases and broker hold (`found.rs`):
//! [`check::check`] takes the two values and says every promise that is broken.

mod call;
pub mod check;
mod client;
mod deleted;
mod fleet;
pub mod found;
mod load;
mod outage;
pub mod plan;
pub mod record;
mod report;
mod settle;
mod supervisor;
mod tally;

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::partnership::Partners;
use check::{Kind, Violation, check};
use fleet::Fleet;
use found::Found;
use load::Load;
pub use outage::Outage;
use report::{Outcome, keep_logs};
use supervisor::Supervisor;

/// Before the first fault the load runs undisturbed.
const UNDISTURBED: Duration = Duration::from_secs(2);
/// Within this time after the last fault nothing is left to do.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);
/// After long outages much is: what collected meanwhile, and what is published again.
const SETTLES_AFTER_OUTAGE_WITHIN: Duration = Duration::from_secs(60);
/// After this time it is given up: what is still left is lost, and not merely late.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(90);

/// What is played.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many faults.
    pub kills: usize,
    /// From which they are drawn.
    pub seed: u64,
    /// A long outage, instead of these.
    pub outage: Option<Outage>,
}

impl Options {
    /// The command that plays the same again.
    pub fn replay(&self) -> String {
        match self.outage {
            None => format!("./dev faults --kills {} --seed {}", self.kills, self.seed),
            Some(outage) => format!("./dev faults --outage {outage} --seed {}", self.seed),
        }
    }
}

/// Plays a run and prints what came out. True: every promise was kept.
///
/// # Errors
/// When a program or a server cannot be started, or does not come up again.
pub async fn run(options: &Options) -> Result<bool> {
    println!("seed {}: {}", options.seed, options.replay());
    let began = Instant::now();
    let fleet = Fleet::start().await?;
    println!("{} processes serve after {:.1} s", fleet.victims().len(), began.elapsed().as_secs_f32());
    if fleet.servers().is_empty() {
        println!("PostgreSQL and RabbitMQ were given and cannot be started again: services alone are killed");
    }
    let played = play(&fleet, options, began).await;
    let sound = played.as_ref().is_ok_and(|outcome| outcome.violations.is_empty());
    if let Ok(outcome) = &played {
        outcome.print();
    }
    if sound {
        fleet.stop().await?;
        println!("\nevery promise was kept");
    } else {
        let logs = keep_logs(&fleet, options.seed)?;
        println!("\nagain: {}\nlogs:  {}", options.replay(), logs.display());
    }
    played.map(|_| sound)
}

async fn play(fleet: &Fleet, options: &Options, began: Instant) -> Result<Outcome> {
    let desks = |identity: &_| fleet.sessions("referral", identity).map(|mut sessions| sessions.remove(0));
    let load = Load::start(fleet, Partners::meet_at(desks).await?, options.seed)?;
    let tally = load.tally.clone();
    sleep(UNDISTURBED).await;
    let mut supervisor = Supervisor::new(fleet, &tally, began);
    let (episodes, revived) = match options.outage {
        Some(outage) => outage::play(fleet, &tally, began, outage).await?,
        None => {
            let steps = plan::draw(options.seed, options.kills, &fleet.servers());
            (Vec::new(), supervisor.play(&steps).await?)
        }
    };
    println!("  {:6.1} s  the last fault is over   {}", began.elapsed().as_secs_f32(), tally.figures());

    let record = load.finish(GIVEN_UP_AFTER / 2).await?;
    let left = settle::until_quiet(fleet, revived + GIVEN_UP_AFTER).await?;
    let settled = left.is_none().then(|| revived.elapsed());
    supervisor.start_what_ended().await?;
    let mut violations = check(&record, &Found::read(&fleet.suite).await?);
    violations.append(&mut supervisor.ended);
    let within = if options.outage.is_none() { SETTLES_WITHIN } else { SETTLES_AFTER_OUTAGE_WITHIN };
    violations.extend(late(within, settled, left));
    violations.sort();
    let (done, figures, took) = (supervisor.done, tally.figures(), began.elapsed());
    Ok(Outcome { done, episodes, figures, settled, took, violations })
}

fn late(within: Duration, settled: Option<Duration>, left: Option<String>) -> Option<Violation> {
    let about = match (settled, left) {
        (Some(time), _) if time <= within => return None,
        (Some(time), _) => {
            format!("settled after {:.1} s, not within {} s", time.as_secs_f32(), within.as_secs())
        }
        (None, left) => format!("not settled after {} s: {}", GIVEN_UP_AFTER.as_secs(), left.unwrap_or_default()),
    };
    Some(Violation::new(Kind::Late, about))
}
