//! Enters an opening rule.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::make::make;
use crate::{domain::opening::OpeningRule, store};

/// Enters a rule of a site of the caller's organisation, and makes its first slots.
#[derive(Debug, Clone)]
pub struct CreateRule(pub OpeningRule);

impl UseCase for CreateRule {
    type Outcome = OpeningRule;
    const NAME: &'static str = "create_opening_rule";

    fn asks(&self) -> Subject {
        Subject::of(self.0.site)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<OpeningRule> {
        store::site::get_own(unit, self.0.site).await?;
        let site = store::site::lock(unit, self.0.site.id).await?;
        let now = unit.now();
        let rule = OpeningRule { create_time: now, update_time: now, ..self.0.clone() };
        store::opening_rule::insert(unit, &rule).await?;
        make(unit, &rule, &site).await?;
        unit.audit(&rule);
        Ok(rule)
    }
}
