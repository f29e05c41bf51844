//! A random run: whatever is done, by many at once, under conventions of every kind of line, what is shown is what the ledgers amount
//! to, and no firm line is overrun.
//!
//! A seed draws the operations, and is printed; `RELAIS_SEED` plays the same ones again, and `RELAIS_OPERATIONS` says how many a long run
//! has. Which of those that are made at once comes first, the machine decides.

mod agreed;
mod dice;
mod proof;
mod staff;
mod visit;

use std::{collections::BTreeMap, num::ParseIntError, str::FromStr};

use anyhow::{Result, bail};
use futures::{
    FutureExt,
    future::{OptionFuture, join_all},
};
use tonic::Code;

use super::{waiting::waits, *};
use crate::lifecycle::{
    accept_referral, cancel_referral, complete_referral, decline_offer, enter_in_error, fail_referral,
    provide_information, reject_referral, request_information, undo_referral, waitlist_referral,
};
use agreed::Agreed;
use dice::Dice;
use visit::Visit;

/// Operations of a run, and of a long one.
const USUAL: usize = 500;
const LONG: usize = 10_000;
/// Referrals submitted at once, steps of others meanwhile, and what scheduling tells before that.
const ASKS: usize = 9;
const STEPS: usize = 8;
const TELLS: usize = 3;
/// Staff time that is planned, worked or given back at once.
const PLANS: usize = 2;
/// Of the usual run, unless another one is asked for.
const SEED: u64 = 0x5eed_0007;

/// What a run has some of.
const EACH: [&str; 9] = [
    "submitted",
    "submitted, refused",
    "moved on",
    "money spent or taken back",
    "staff time planned",
    "staff time worked",
    "staff time given back",
    "amended",
    "told",
];

/// A run as it goes on.
struct Run {
    dice: Dice,
    sent: Vec<Referral>,
    visits: Vec<Visit>,
    /// Staff time, in the order in which it was planned.
    planned: Vec<String>,
    /// What was done, and how often.
    done: BTreeMap<String, usize>,
}

/// What is done with a referral.
async fn step(metered: &Metered, by: usize, name: &str) -> Result<Referral, Status> {
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    match by {
        0..=2 => accept_referral(lab, name).await,
        3 => reject_referral(lab, name).await,
        4 => cancel_referral(desk, name).await,
        5 => fail_referral(lab, name).await,
        6 => waitlist_referral(lab, name).await,
        7 => request_information(lab, name).await,
        8 => provide_information(desk, name).await,
        9 => enter_in_error(desk, name).await,
        10 => complete_referral(lab, name).await,
        11 => undo_referral(desk, name).await,
        12 => decline_offer(lab, name).await,
        _ => undo_referral(lab, name).await,
    }
}

impl Run {
    fn operations(&self) -> usize {
        self.done.values().sum()
    }

    /// Counts an operation; a refusal is one, too, and anything else that fails is a fault.
    fn note<T>(&mut self, what: &str, answer: Result<T, Status>) -> Result<Option<T>> {
        let refused = match answer {
            Ok(done) => {
                *self.done.entry(what.into()).or_default() += 1;
                return Ok(Some(done));
            }
            Err(status) => status,
        };
        match refused.code() {
            Code::FailedPrecondition | Code::Aborted | Code::Unavailable | Code::PermissionDenied => {
                *self.done.entry(format!("{what}, refused")).or_default() += 1;
                Ok(None)
            }
            _ => bail!("{what}: {refused:?}"),
        }
    }

    /// Many at once: referrals sent, others moved on, money spent, and now and then other terms agreed on.
    async fn round(&mut self, agreed: &Agreed) -> Result<()> {
        let dice = &mut self.dice;
        let asks: Vec<_> = (0..ASKS).map(|_| agreed.ask(dice)).collect();
        let recent = self.sent.len().saturating_sub(60);
        let steps: Vec<_> = (0..STEPS)
            .filter(|_| !self.sent.is_empty())
            .map(|_| (dice.roll(15), self.sent[recent + dice.roll(self.sent.len() - recent)].name.clone()))
            .collect();
        let (expense, promises) = (agreed.expense(dice), (dice.roll(8) == 0).then(|| agreed.promises(dice)));
        let staff: Vec<_> = (0..PLANS).map(|_| staff::Step::draw(dice, agreed, &self.planned)).collect();
        let (submitted, stepped, spent, worked, amended) = futures::join!(
            join_all(asks.into_iter().map(|ask| agreed.submit(ask).boxed_local())),
            join_all(steps.iter().map(|(by, name)| step(&agreed.metered, *by, name).boxed_local())),
            agreed.spend(expense).boxed_local(),
            join_all(staff.into_iter().map(|step| step.take(agreed).boxed_local())),
            OptionFuture::from(promises.map(|lines| agreed.amend(lines).boxed_local())),
        );
        for answer in submitted {
            let Some(admitted) = self.note("submitted", answer)? else { continue };
            if self.dice.roll(2) == 0 {
                let site = agreed.site(&mut self.dice, &admitted.convention);
                self.visits.push(Visit::of(&admitted, agreed.metered.partners.today).at(site));
            }
            self.sent.push(admitted);
        }
        for answer in stepped {
            self.note("moved on", answer)?;
        }
        self.note("money spent or taken back", spent)?;
        for (what, answer) in worked {
            let planned = self.note(what, answer)?.flatten();
            self.planned.extend(planned);
        }
        if let Some(amended) = amended {
            self.note("amended", amended)?;
        }
        Ok(())
    }

    /// What scheduling tells, of each appointment in order: booked, moved to another month, missed, seen, and said to have been wrong.
    async fn tell(&mut self, agreed: &Agreed) -> Result<()> {
        for _ in 0..TELLS.min(self.visits.len()) {
            let recent = self.visits.len().saturating_sub(40);
            let at = recent + self.dice.roll(self.visits.len() - recent);
            self.visits[at].tell(agreed, &mut self.dice).await?;
            *self.done.entry("told".into()).or_default() += 1;
        }
        Ok(())
    }
}

async fn run(operations: usize, seed: u64, of: Line) -> Result<()> {
    println!("seed {seed}: RELAIS_SEED={seed} draws the same again");
    let agreed = Agreed::meet(of).boxed_local().await?;
    let (sent, visits, planned) = (Vec::new(), Vec::new(), Vec::new());
    let mut run = Run { dice: Dice::of(seed), sent, visits, planned, done: BTreeMap::new() };
    run.round(&agreed).boxed_local().await?;
    // Those that are drawn may all be refused; this one commits more than one round can have taken.
    let amended = agreed.amend(agreed.more()).boxed_local().await;
    run.note("amended", amended)?;
    while run.operations() < operations {
        run.tell(&agreed).await?;
        // In boxes, not on the stack, which is small in tests.
        run.round(&agreed).boxed_local().await?;
        proof::ensure_kept(&agreed).await?;
    }
    let told: i64 = run.visits.iter().map(Visit::told).sum();
    let heard = "SELECT COALESCE(sum(version), 0)::bigint FROM consumed_version
                 WHERE aggregate_kind = 'relais.scheduling.appointment'";
    agreed.metered.partners.world.until_count(heard, told).await?;
    println!("{} operations: {:?}", run.operations(), run.done);
    for what in EACH {
        assert!(run.done.contains_key(what), "nothing was {what}");
    }
    proof::ensure_told(&agreed).boxed_local().await?;
    agreed.end().boxed_local().await
}

/// What is asked for by the environment; usually this.
fn asked<T: FromStr<Err = ParseIntError>>(name: &str, usual: T) -> Result<T> {
    Ok(std::env::var(name).ok().map(|number| number.parse()).transpose()?.unwrap_or(usual))
}

fn seed(usual: u64) -> Result<u64> {
    asked("RELAIS_SEED", usual)
}

#[tokio::test]
async fn whatever_is_done_by_many_at_once_the_meters_are_the_ledgers() -> Result<()> {
    run(USUAL, seed(SEED)?, firm(12)).boxed_local().await
}

/// The same where those who find no place wait: whatever comes free is offered, and no place to two.
#[tokio::test]
async fn whatever_is_done_by_many_at_once_nobody_waits_for_a_place_that_is_left() -> Result<()> {
    run(USUAL, seed(SEED)?, waits(12)).boxed_local().await
}

#[tokio::test]
#[ignore = "long: ./dev test --long"]
async fn ten_thousand_operations_end_with_the_meters_that_the_ledger_amounts_to() -> Result<()> {
    let drawn = uuid::Uuid::now_v7().as_u64_pair().1 & 0xffff_ffff;
    run(asked("RELAIS_OPERATIONS", LONG)?, seed(drawn)?, firm(12)).boxed_local().await
}
