//! Makes the slots of more days, when they are due.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::OpeningRuleId,
};

use super::make::make;
use crate::store;

/// Makes the slots of a rule's next days.
#[derive(Debug, Clone, Copy)]
pub struct MakeSlots(pub OpeningRuleId);

impl UseCase for MakeSlots {
    type Outcome = ();
    const NAME: &'static str = "make_slots";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(found) = store::opening_rule::find(unit, self.0, None, None).await? else {
            return Ok(());
        };
        let site = store::site::lock(unit, found.site.id).await?;
        // Read again: whoever had the site may have ended the rule.
        let Some(rule) = store::opening_rule::find(unit, self.0, None, None).await? else {
            return Ok(());
        };
        unit.audit(&rule);
        make(unit, &rule, &site).await
    }
}
