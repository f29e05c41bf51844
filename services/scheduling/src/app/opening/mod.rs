//! Use cases of when sites receive patients.

mod clear;
mod create_closure;
mod create_rule;
mod end_rule;
mod get_rule;
mod lift_closure;
mod list_closures;
mod list_rules;
mod make;
mod make_slots;

pub use create_closure::CreateClosure;
pub use create_rule::CreateRule;
pub use end_rule::EndRule;
pub use get_rule::GetRule;
pub use lift_closure::LiftClosure;
pub use list_closures::ListClosures;
pub use list_rules::ListRules;
pub use make_slots::MakeSlots;

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{
    domain::opening::{Closure, OpeningRule},
    store,
};

/// A closure as it was made, and as it was lifted.
const MADE: i64 = 1;
const LIFTED: i64 = 2;

impl From<&OpeningRule> for Subject {
    fn from(rule: &OpeningRule) -> Self {
        Self::of(rule.id)
    }
}

impl From<&Closure> for Subject {
    fn from(closure: &Closure) -> Self {
        Self::of(closure.id)
    }
}

impl Recall for OpeningRule {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let was = store::opening_rule::get_own(unit, outcome.id.into(), Some(outcome.version)).await?;
        unit.audit(&was);
        Ok(was)
    }
}

impl Recall for Closure {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: if self.lift_time.is_none() { MADE } else { LIFTED } }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let closure = store::closure::get_own(unit, outcome.id.into()).await?;
        unit.audit(&closure);
        Ok(if outcome.version == MADE { Self { lift_time: None, ..closure } } else { closure })
    }
}
