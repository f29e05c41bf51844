//! What operators do with parked messages, one use case each.

use super::{Cause, Parked, State, store};
use crate::{
    calls::{Outcome, Page, PageRequest, Position, Recall},
    database::{Unit, UseCase},
    error::{Error, Kind, Result},
    ids::ParkedMessageId,
};

/// Lists messages that were given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListParked {
    /// Only those that stand so.
    pub state: Option<State>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListParked {
    type Outcome = Page<Parked>;
    const NAME: &'static str = "list_parked_messages";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Parked>> {
        let rows = store::list(unit, self.state, &self.page).await?;
        let page = self.page.page(rows, |parked| Position { time: parked.parked_at, id: parked.id.0 });
        page.rows.iter().for_each(|parked| unit.audit(parked.id));
        Ok(page)
    }
}

/// Shows one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GetParked(pub ParkedMessageId);

impl UseCase for GetParked {
    type Outcome = Parked;
    const NAME: &'static str = "get_parked_message";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Parked> {
        let parked = store::get(unit, self.0).await?;
        unit.audit(parked.id);
        Ok(parked)
    }
}

/// Has one tried again.
#[derive(Debug, Clone)]
pub(crate) struct ReplayParked {
    /// Which.
    pub id: ParkedMessageId,
    /// Why, for the record.
    pub reason: String,
}

impl UseCase for ReplayParked {
    type Outcome = Parked;
    const NAME: &'static str = "replay_parked_message";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Parked> {
        let parked = open(unit, self.id).await?;
        if parked.aggregate_id.is_none() {
            return Err(refused("NO_ENVELOPE", "it has no envelope to be tried with: it can only be discarded"));
        }
        if !store::hold_again(unit, self.id).await? {
            return Err(refused("HELD_ALREADY", "a message with its id is being tried already"));
        }
        resolve(unit, self.id, State::Replayed, &self.reason).await
    }
}

/// Gives one up for good.
#[derive(Debug, Clone)]
pub(crate) struct DiscardParked {
    /// Which.
    pub id: ParkedMessageId,
    /// Why.
    pub reason: String,
    /// The service's name: whose versions are passed over.
    pub consumer: &'static str,
}

impl UseCase for DiscardParked {
    type Outcome = Parked;
    const NAME: &'static str = "discard_parked_message";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Parked> {
        let parked = open(unit, self.id).await?;
        // What has no aggregate holds none up, and the version under a reused id is still to come under its own.
        let holds_up = !matches!(parked.cause, Cause::Unreadable | Cause::Reused);
        let passed = holds_up && store::pass_over(unit, self.consumer, &parked).await?;
        // A version far ahead may never have been: it must be possible to be rid of it. Nothing is passed over then.
        if holds_up && !passed && parked.cause != Cause::Gap {
            let message = "an earlier version of its aggregate is missing: decide on that first, or rebuild";
            return Err(refused("EARLIER_VERSION_MISSING", message));
        }
        resolve(unit, self.id, State::Discarded, &self.reason).await
    }
}

async fn open(unit: &mut Unit<'_>, id: ParkedMessageId) -> Result<Parked> {
    let parked = store::get(unit, id).await?;
    match parked.state {
        State::Parked => Ok(parked),
        State::Replayed | State::Discarded => Err(refused("ALREADY_RESOLVED", "it was decided on before")),
    }
}

async fn resolve(unit: &mut Unit<'_>, id: ParkedMessageId, state: State, reason: &str) -> Result<Parked> {
    let who = unit.caller()?.key();
    store::resolve(unit, id, state, &who, reason).await?;
    unit.audit(id);
    store::get(unit, id).await
}

fn refused(reason: &'static str, message: &str) -> Error {
    Error::new(Kind::FailedPrecondition, reason, message)
}

impl Recall for Parked {
    fn outcome(&self) -> Outcome {
        // A decision is final, so there is one version to recall.
        Outcome { id: self.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let parked = store::get(unit, ParkedMessageId(outcome.id)).await?;
        unit.audit(parked.id);
        Ok(parked)
    }
}
