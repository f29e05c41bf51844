//! What calls change of an order: lines are placed, taken back, sampled. Each is one version and one event.

use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::{Caller, Outcome, Recall},
    database::{Unit, UseCase},
    ids::OrderId,
    parties::ensure_acts,
};

use super::{report::reader, take_over_site::ensure_own_site, tell::tell_order};
use crate::{
    domain::{
        LineCancelReason, Order, Sample, Standing, cancel_line, is_closed, may_ask, place, report::Recipient, sample,
    },
    store::{self, referral},
};

/// What is done to an order's lines.
#[derive(Debug, Clone)]
pub enum Step {
    /// Analyses are asked for, by their LOINC codes.
    Place(Vec<String>, Entitled),
    /// A line is taken back.
    CancelLine(i32, LineCancelReason),
    /// Samples of these lines were taken; of all that wait for one, when none is named.
    Sample(Vec<i32>, Sample),
}

/// Who receives the result now, as referral said just before; none when it did not. It is judged here, so that the same request again
/// answers the same, whatever the register says by then.
pub type Entitled = Option<Vec<Recipient>>;

/// Takes a step with an order of a referral that the caller is a party of.
#[derive(Debug, Clone)]
pub struct MoveOrder {
    /// Which.
    pub id: OrderId,
    /// What is done.
    pub step: Step,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for MoveOrder {
    type Outcome = Order;
    const NAME: &'static str = "move_order";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Order> {
        let order = store::get(unit, self.id).await?;
        unit.about(&order.referral_number);
        let facts = referral::facts(unit, order.referral).await?;
        ensure_acts(unit.call()?, &facts.parties)?;
        if self.seen.is_some_and(|seen| seen != order.version) {
            return Err(Error::stale_etag());
        }
        if let Step::Sample(_, taken) = &self.step {
            ensure_own_site(unit, "site", taken.site).await?;
        }
        let (previous, now) = (order.state, unit.now());
        let moved = match &self.step {
            Step::Place(codes, entitled) => {
                let standing = standing(unit.caller()?, &facts.state, entitled.as_deref())?;
                place(order, codes, standing, now)?
            }
            Step::CancelLine(number, reason) => cancel_line(order, *number, *reason, now)?,
            Step::Sample(numbers, taken) => sample(order, numbers, *taken, now)?,
        };
        store::save(unit, &moved).await?;
        store::insert_version(unit, &moved).await?;
        tell_order(unit, &moved, previous, &facts.parties);
        unit.audit(&moved);
        Ok(moved)
    }
}

/// What must be known of whoever asks for analyses.
fn standing(caller: &Caller, referral: &str, entitled: Option<&[Recipient]>) -> Result<Standing> {
    let unsaid = || Error::peer_away(anyhow::anyhow!("referral does not say who may ask"));
    let (entitled, reader) = (entitled.ok_or_else(unsaid)?, reader(caller)?);
    let may_ask = reader.is_some_and(|reader| may_ask(entitled, &reader));
    Ok(Standing { referral_is_open: !is_closed(referral), may_ask })
}

impl Recall for Order {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let was = store::get_at(unit, outcome.id.into(), outcome.version).await?;
        unit.about(&was.referral_number);
        unit.audit(&was);
        Ok(was)
    }
}
