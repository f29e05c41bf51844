//! Use cases of conventions.

mod amend_convention;
mod change;
mod conditions_of;
mod count_report;
mod create_convention;
mod discard_amendment;
mod elsewhere;
mod get_convention;
mod get_to_judge;
mod get_usage;
mod list_convention_versions;
mod list_conventions;
mod move_reservation;
mod recount_usage;
mod resume_convention;
mod sign_convention;
mod suspend_convention;
mod terminate_convention;
mod update_convention;

pub use amend_convention::AmendConvention;
pub use change::Wanted;
pub use conditions_of::conditions_of;
pub use count_report::CountReport;
pub use create_convention::CreateConvention;
pub use discard_amendment::DiscardAmendment;
pub use elsewhere::Elsewhere;
pub use get_convention::{GetConvention, get_for_caller};
pub use get_to_judge::get_to_judge;
pub use get_usage::GetUsage;
pub use list_convention_versions::ListConventionVersions;
pub use list_conventions::ListConventions;
pub use move_reservation::move_reservation;
pub use recount_usage::RecountUsage;
pub use resume_convention::ResumeConvention;
pub use sign_convention::SignConvention;
pub use suspend_convention::SuspendConvention;
pub use terminate_convention::TerminateConvention;
pub use update_convention::UpdateConvention;

use relais_platform::{
    Error, Result,
    calls::{Caller, Outcome, Recall, Role},
    database::Unit,
};

use crate::domain::convention::Convention;

/// Operators and the network keep all conventions; a coordinator those that the own organisation is a party of.
pub(in crate::app) fn ensure_keeps(caller: &Caller, convention: &Convention) -> Result<()> {
    let party = caller.has_any(&[Role::Coordinator]) && is_party(caller, convention);
    if party || sees_all(caller) {
        Ok(())
    } else {
        Err(Error::denied("only a coordinator of a party, the network or an operator may do this"))
    }
}

pub(in crate::app) fn sees_all(caller: &Caller) -> bool {
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
        get_convention::get_at(unit, outcome.id.into(), Some(outcome.version)).await
    }
}
