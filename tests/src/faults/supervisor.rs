//! Does what the plan says: kills, freezes, starts again.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use futures::future::try_join_all;
use tokio::time::sleep;

use super::{
    check::{Kind, Violation},
    fleet::Fleet,
    plan::{Fault, Harm, Step, Victim},
    tally::Tally,
};

/// What was done, to whom.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Kills.
    pub kills: usize,
    /// Freezes.
    pub freezes: usize,
}

/// Plays faults on a fleet.
pub struct Supervisor<'f> {
    fleet: &'f Fleet,
    tally: &'f Tally,
    began: Instant,
    /// What was done so far.
    pub done: BTreeMap<Victim, Done>,
    /// Processes that ended although nobody had killed them.
    pub ended: Vec<Violation>,
}

impl<'f> Supervisor<'f> {
    /// Nothing has happened yet.
    pub fn new(fleet: &'f Fleet, tally: &'f Tally, began: Instant) -> Self {
        Self { fleet, tally, began, done: BTreeMap::new(), ended: Vec::new() }
    }

    /// Plays all steps; then every victim was revived.
    ///
    /// # Errors
    /// When a process cannot be killed or started.
    pub async fn play(&mut self, steps: &[Step]) -> Result<()> {
        for (n, step) in steps.iter().enumerate() {
            for fault in &step.faults {
                self.note(fault);
            }
            try_join_all(step.faults.iter().map(|fault| inflict(self.fleet, fault))).await?;
            if n + 1 < steps.len() {
                sleep(step.pause).await;
            }
            self.start_what_ended().await?;
        }
        Ok(())
    }

    /// Starts again what ended by itself, and keeps that it did.
    ///
    /// # Errors
    /// When a process cannot be started.
    pub async fn start_what_ended(&mut self) -> Result<()> {
        for victim in self.fleet.victims() {
            if let Some(status) = self.fleet.ended(victim).await? {
                let about = format!("{victim}, {status}, after {:.1} s", self.began.elapsed().as_secs_f32());
                println!("  {about}: nobody had killed it");
                self.ended.push(Violation::new(Kind::Ended, about));
                self.fleet.launch(victim).await?;
            }
        }
        Ok(())
    }

    fn note(&mut self, fault: &Fault) {
        let done = self.done.entry(fault.victim).or_default();
        let (what, time) = match fault.harm {
            Harm::Kill(down) => {
                done.kills += 1;
                ("kill  ", down)
            }
            Harm::Freeze(lasts) => {
                done.freezes += 1;
                ("freeze", lasts)
            }
        };
        let (at, victim, figures) = (self.began.elapsed().as_secs_f32(), fault.victim, self.tally.figures());
        println!("  {at:6.1} s  {what}  {victim:<15} for {:4.1} s   {figures}", time.as_secs_f32());
    }
}

async fn inflict(fleet: &Fleet, fault: &Fault) -> Result<()> {
    match fault.harm {
        Harm::Kill(down) => {
            fleet.kill(fault.victim).await?;
            sleep(down).await;
            fleet.launch(fault.victim).await
        }
        Harm::Freeze(lasts) => {
            fleet.freeze(fault.victim).await?;
            sleep(lasts).await;
            fleet.thaw(fault.victim).await
        }
    }
}
