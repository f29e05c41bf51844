//! Takes the last step of a referral back.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use super::{
    keep::keep,
    seen,
    take_step::{catch_up, open_to},
};
use crate::{
    domain::referral::{Cause, Referral, Step, undo},
    store::referral,
};

/// Takes back the last step of the caller's organisation.
#[derive(Debug, Clone)]
pub struct UndoReferral {
    /// Of which referral.
    pub id: ReferralId,
    /// Why, as a code.
    pub reason: &'static str,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for UndoReferral {
    type Outcome = Referral;
    const NAME: &'static str = "undo_referral";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let (open, by) = open_to(unit, self.id, self.seen).await?;
        let last = referral::get_last_step(unit, open.id).await?;
        let state = undo(&last, by.0, &open.facts)?;
        let step = Step::new(Cause::Undo, self.reason).by(by.0, by.1);
        let undone = keep(unit, open, state, &step).await?;
        let undone = catch_up(unit, undone).await?;
        seen(unit, undone)
    }
}
