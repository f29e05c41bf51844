//! Tells what the caller may do with a referral now, so that clients ask and do not guess.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    domain::referral::{Action, open_actions},
    store::referral,
};

/// Asks about a referral that the caller is a party of.
#[derive(Debug, Clone, Copy)]
pub struct GetAllowedActions(pub ReferralId);

impl UseCase for GetAllowedActions {
    type Outcome = Vec<Action>;
    const NAME: &'static str = "get_allowed_actions";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Action>> {
        let found = referral::get(unit, self.0).await?;
        unit.about(found.number.as_str());
        unit.audit(found.id);
        let capacities = unit.scope()?.capacities(&found.parties);
        let last = referral::get_last_step(unit, found.id).await?;
        let call = unit.call()?;
        let by = call.caller.acting_organisation()?;
        Ok(open_actions(&found, &last, by).into_iter().filter(|action| call.may(action.rpc, &capacities)).collect())
    }
}
