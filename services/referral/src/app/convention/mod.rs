//! Use cases of conventions.

mod conditions_of;
mod count_report;
mod create_convention;
mod elsewhere;
mod get_convention;
mod get_usage;
mod list_conventions;
mod recount_usage;
mod sign_convention;

pub use conditions_of::conditions_of;
pub use count_report::CountReport;
pub use create_convention::CreateConvention;
pub use elsewhere::Elsewhere;
pub use get_convention::{GetConvention, get_for_caller, get_to_judge};
pub use get_usage::GetUsage;
pub use list_conventions::ListConventions;
pub use recount_usage::RecountUsage;
pub use sign_convention::SignConvention;

use relais_platform::{
    Error, Result,
    calls::{Caller, Outcome, Recall, Role},
    database::Unit,
};

use crate::domain::convention::Convention;

/// Operators and the network keep all conventions; a coordinator those that the own organisation is a party of.
fn ensure_keeps(caller: &Caller, convention: &Convention) -> Result<()> {
    let party = caller.has_any(&[Role::Coordinator]) && is_party(caller, convention);
    if party || sees_all(caller) {
        Ok(())
    } else {
        Err(Error::denied("only a coordinator of a party, the network or an operator may do this"))
    }
}

fn sees_all(caller: &Caller) -> bool {
    caller.has_any(&[Role::Operator, Role::Network])
}

fn is_party(caller: &Caller, convention: &Convention) -> bool {
    convention.terms.parties.iter().any(|party| Some(party.organisation) == caller.organisation)
}

impl Recall for Convention {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let now = get_for_caller(unit, outcome.id.into()).await?;
        Ok(now.at(outcome.version))
    }
}
