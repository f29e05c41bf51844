//! Ends an opening rule.

use chrono::{Days, NaiveDate};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::OpeningRuleId,
};

use super::clear::clear;
use crate::{
    domain::opening::OpeningRule,
    store::{self, seat::Span},
};

/// Gives a rule its last day, and takes its later slots away.
#[derive(Debug, Clone, Copy)]
pub struct EndRule {
    /// Which.
    pub id: OpeningRuleId,
    /// The last day.
    pub last: NaiveDate,
    /// Whether appointments in later slots are given up.
    pub give_up: bool,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for EndRule {
    type Outcome = OpeningRule;
    const NAME: &'static str = "end_opening_rule";

    fn asks(&self) -> Subject {
        Subject::of(self.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<OpeningRule> {
        let found = store::opening_rule::get_own(unit, self.id, None).await?;
        store::site::lock(unit, found.site.id).await?;
        if self.seen.is_some_and(|seen| seen != found.version) {
            return Err(Error::stale_etag());
        }
        let ended = found.end(self.last, unit.now())?;
        store::opening_rule::save(unit, &ended).await?;
        let from = self.last.checked_add_days(Days::new(1)).unwrap_or(self.last);
        let span = Span { site: ended.site.id, rule: Some(ended.id), from, until: None };
        clear(unit, span, self.give_up).await?;
        unit.audit(&ended);
        Ok(ended)
    }
}
