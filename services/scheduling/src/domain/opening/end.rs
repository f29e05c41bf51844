//! Ending a rule: it gets a last day, or an earlier one.

use chrono::{DateTime, Days, NaiveDate, Utc};
use relais_platform::error::{Error, Violation};

use super::OpeningRule;

impl OpeningRule {
    /// The rule with its last day, in its next version. Ended before its first day, it is valid on none.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it ends before that day already.
    pub fn end(self, last: NaiveDate, now: DateTime<Utc>) -> Result<Self, Error> {
        if self.valid_until.is_some_and(|until| until < last) {
            let rule = Violation::new("rule-ends-before", "the rule ends before that day already");
            return Err(Error::refused("OPENING_RULE", vec![rule]));
        }
        let last = last.max(self.valid_from.checked_sub_days(Days::new(1)).unwrap_or(last));
        Ok(Self { valid_until: Some(last), version: self.version + 1, update_time: now, ..self })
    }
}
