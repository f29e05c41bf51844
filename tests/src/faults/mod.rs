//! The kill checker: what is promised, held against processes that are killed and frozen under load.
//!
//! Two instances of each service run on servers that can be started again. Clients submit and cancel referrals (`client.rs`), a third of
//! them under a convention that is used up again and again (`senders.rs`);
//! others take referrals on, after the same few seats, until their reports are acknowledged (`journey/`, `laboratory.rs`). All
//! write down what they are told, and send again what was not answered (`record.rs`). A supervisor plays faults that a seed has
//! drawn (`plan.rs`, `supervisor.rs`). Afterwards everything is revived, every request is answered, all queues must empty
//! (`settle.rs`), and whatever was reported is read (`look_back.rs`). Then the record is held against what databases and broker
//! hold (`found/`): [`check::check`] takes the two values and says every promise that is broken.

mod call;
pub mod check;
mod client;
mod deleted;
mod fleet;
pub mod found;
mod journey;
mod laboratory;
mod load;
mod look_back;
mod outage;
pub mod plan;
pub mod record;
mod report;
mod senders;
mod settle;
mod supervisor;
mod tally;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::sleep;

use check::{Kind, Violation, check};
use fleet::Fleet;
use laboratory::Laboratory;
use load::Load;
pub use outage::Outage;
use report::{Outcome, keep_logs};
use senders::Senders;
use supervisor::Supervisor;
use tally::{Counted, Figures, Tally};

/// Before the first fault the load runs undisturbed for so long,
const UNDISTURBED: Duration = Duration::from_secs(2);
/// and until as many referrals have come to their end; as many more do after the last. So the faults meet every kind of step,
/// however slow the machine is.
const ENDS: usize = 3;
/// Longer than this nobody waits for them.
const ENDS_WITHIN: Duration = Duration::from_secs(40);
/// Within this time after the last fault, and the load that went on for a moment, nothing is left to do.
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
    /// A bug that every service is given.
    pub planted: Option<String>,
}

impl Options {
    /// The command that plays the same again.
    pub fn replay(&self) -> String {
        let planted = self.planted.as_ref().map(|bug| format!(" --planted {bug}")).unwrap_or_default();
        match self.outage {
            None => format!("./dev faults --kills {} --seed {}{planted}", self.kills, self.seed),
            Some(outage) => format!("./dev faults --outage {outage} --seed {}{planted}", self.seed),
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
    let fleet = Fleet::start(options.planted.as_deref()).await?;
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

/// Plays a run and prints nothing of what came out: every promise that is broken.
///
/// # Errors
/// As [`run`].
pub async fn broken(options: &Options) -> Result<Vec<Violation>> {
    let fleet = Fleet::start(options.planted.as_deref()).await?;
    let outcome = play(&fleet, options, Instant::now()).await?;
    fleet.stop().await?;
    Ok(outcome.violations)
}

async fn play(fleet: &Fleet, options: &Options, began: Instant) -> Result<Outcome> {
    let (senders, lab) = (Arc::new(Senders::meet(fleet).await?), Arc::new(Laboratory::open(fleet).await?));
    let load = Load::start(fleet, senders.clone(), lab.clone(), options.seed)?;
    let tally = load.tally.clone();
    sleep(UNDISTURBED).await;
    until_ended(&tally, ENDS).await;
    let mut supervisor = Supervisor::new(fleet, &tally, began);
    let mut episodes = Vec::new();
    match options.outage {
        Some(outage) => episodes = outage::play(fleet, &tally, began, outage).await?,
        None => supervisor.play(&plan::draw(options.seed, options.kills, &fleet.servers())).await?,
    }
    println!("  {:6.1} s  the last fault is over   {}", began.elapsed().as_secs_f32(), tally.figures());

    until_ended(&tally, tally.figures().get(Counted::Noted) + ENDS).await;
    let over = Instant::now();
    let record = load.finish(GIVEN_UP_AFTER / 2).await?;
    let left = settle::until_quiet(fleet, over + GIVEN_UP_AFTER).await?;
    let settled = left.is_none().then(|| over.elapsed());
    supervisor.start_what_ended().await?;
    let found = look_back::look_back(fleet, (&lab, &senders), &record).await?;
    let mut violations = check(&record, &found);
    violations.append(&mut supervisor.ended);
    let within = if options.outage.is_none() { SETTLES_WITHIN } else { SETTLES_AFTER_OUTAGE_WITHIN };
    violations.extend(late(within, settled, left));
    violations.extend(idle(&tally.figures()));
    violations.sort();
    let (done, figures, took) = (supervisor.done, tally.figures(), began.elapsed());
    let kept = report::kept(&found);
    Ok(Outcome { done, episodes, figures, kept, settled, took, violations })
}

/// Until so many reports were acknowledged.
async fn until_ended(tally: &Tally, count: usize) {
    let until = Instant::now() + ENDS_WITHIN;
    while tally.figures().get(Counted::Noted) < count && Instant::now() < until {
        sleep(Duration::from_millis(100)).await;
    }
}

/// A load that does nothing is no proof of anything.
fn idle(figures: &Figures) -> Option<Violation> {
    let about = "no referral was taken on to its end: the load has done nothing";
    (figures.get(Counted::Noted) == 0).then(|| Violation::new(Kind::Late, about))
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
