//! Takes a step that somebody asks for: load, ask the move where it leads, keep it. The moves differ in the domain, and in who may
//! make them; here they are alike.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{OrganisationId, ReferralId},
    parties::{Capacity, ensure_acts},
};

use super::{keep::keep, seen};
use crate::{
    domain::referral::{Cause, Move, OFFER_DECLINED, Referral, State, Step, WORK_DONE, go},
    store::referral,
};

/// A step of a referral.
#[derive(Debug, Clone)]
pub struct TakeStep {
    /// Of which.
    pub id: ReferralId,
    /// Which.
    pub by: Move,
    /// Why, as a code; empty where none is asked for.
    pub reason: String,
    /// What is asked for.
    pub items: Vec<String>,
    /// What is said beside it.
    pub note: String,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for TakeStep {
    type Outcome = Referral;
    const NAME: &'static str = "take_step";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let (open, by) = open_to(unit, self.id, self.seen).await?;
        let state = go(&open, self.by)?;
        let reason = match self.by {
            // What was asked for is what is agreed to.
            Move::ConfirmCancellation => open.reason.clone(),
            Move::DeclineCancellation if matches!(state, State::Attended | State::ResultsAvailable) => WORK_DONE.into(),
            Move::DeclineCancellation => "cancellation-declined".into(),
            Move::DeclineOffer => OFFER_DECLINED.into(),
            _ => self.reason.clone(),
        };
        let (items, note) = (self.items.clone(), self.note.clone());
        let step = Step { items, note, ..Step::new(Cause::Call, &reason) }.by(by.0, by.1);
        let moved = keep(unit, open, state, &step).await?;
        let moved = catch_up(unit, moved).await?;
        seen(unit, moved)
    }
}

/// The referral for somebody who may act on it and saw its present version, and as what that is done.
pub(super) async fn open_to(
    unit: &mut Unit<'_>,
    id: ReferralId,
    seen: Option<i64>,
) -> Result<(Referral, (OrganisationId, Capacity))> {
    let open = referral::get(unit, id).await?;
    unit.about(open.number.as_str());
    let call = unit.call()?;
    ensure_acts(call, &open.parties)?;
    if seen.is_some_and(|seen| seen != open.version) {
        return Err(Error::stale_etag());
    }
    let capacities = unit.scope()?.capacities(&open.parties);
    let acting = capacities.iter().find(|capacity| call.rule.lets_act(&[**capacity]));
    // Who may act is a party of that capacity.
    let capacity = acting.copied().ok_or_else(|| Error::not_found(id))?;
    Ok((open, (call.caller.acting_organisation()?, capacity)))
}

/// What other services told before counts from now on.
pub(super) async fn catch_up(unit: &mut Unit<'_>, mut moved: Referral) -> Result<Referral> {
    while let Some(state) = moved.facts.go_on(moved.state) {
        moved = keep(unit, moved, state, &Step::new(Cause::Fact, "")).await?;
    }
    Ok(moved)
}
