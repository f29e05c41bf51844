//! Reads an opening rule.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::OpeningRuleId,
};

use crate::{domain::opening::OpeningRule, store};

/// Reads a rule of a site of the caller's organisation.
#[derive(Debug, Clone, Copy)]
pub struct GetRule(pub OpeningRuleId);

impl UseCase for GetRule {
    type Outcome = OpeningRule;
    const NAME: &'static str = "get_opening_rule";

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<OpeningRule> {
        let rule = store::opening_rule::get_own(unit, self.0, None).await?;
        unit.audit(&rule);
        Ok(rule)
    }
}
