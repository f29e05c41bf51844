//! Use cases of conventions.

mod amend_convention;
mod change;
mod conditions_of;
mod confirm_staff_time;
mod count_report;
mod counter_expense;
mod create_convention;
mod discard_amendment;
mod elsewhere;
mod ensure_not_below_use;
mod get_convention;
mod get_to_judge;
mod get_usage;
mod lapse_staff_time;
mod list_convention_versions;
mod list_conventions;
mod metered_now;
mod move_reservation;
mod record_expense;
mod recount_usage;
mod refused;
mod release_staff_time;
mod reserve_staff_time;
mod resume_convention;
mod settle;
mod settle_own;
mod sign_convention;
mod staff_time;
mod suspend_convention;
mod terminate_convention;
mod terms_on;
mod turn;
mod update_convention;

pub use amend_convention::AmendConvention;
pub use change::{ENDS_SOONER, Wanted};
pub use conditions_of::conditions_of;
pub use confirm_staff_time::ConfirmStaffTime;
pub use count_report::CountReport;
pub use counter_expense::CounterExpense;
pub use create_convention::CreateConvention;
pub use discard_amendment::DiscardAmendment;
pub use elsewhere::Elsewhere;
pub use ensure_not_below_use::ensure_not_below_use;
pub use get_convention::{GetConvention, get_for_caller};
pub use get_to_judge::{get_to_judge, list_following};
pub use get_usage::{GetUsage, OfLine, Usage};
pub use lapse_staff_time::lapse_staff_time;
pub use list_convention_versions::ListConventionVersions;
pub use list_conventions::ListConventions;
pub use move_reservation::move_reservation;
pub use record_expense::RecordExpense;
pub use recount_usage::RecountUsage;
pub use refused::{LINE_USED_UP, refused};
pub use release_staff_time::ReleaseStaffTime;
pub use reserve_staff_time::ReserveStaffTime;
pub use resume_convention::ResumeConvention;
pub use settle::{counts_reports, move_places, reserve, settle_reports, settle_step};
pub use sign_convention::SignConvention;
pub use staff_time::STAFF_TIME;
pub use suspend_convention::SuspendConvention;
pub use terminate_convention::TerminateConvention;
pub use turn::{Queue, give_turn, next_period, queue_of, take_turn};
pub use update_convention::UpdateConvention;

use relais_platform::{
    Error, Result,
    calls::{Caller, Outcome, Recall, Role},
    database::Unit,
};

use crate::domain::convention::{Convention, Steps};

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

/// The steps in which counts of people are told to a caller. Whoever runs the services reads them in the database.
fn steps_for(caller: &Caller, convention: &Convention) -> Steps {
    if caller.has_any(&[Role::Operator]) { Steps::EXACT } else { Steps::of(convention, caller.organisation) }
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
