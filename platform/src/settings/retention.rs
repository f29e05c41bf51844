//! How long what ages is kept.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct RetentionSettings {
    pub sent_days: u16,
    pub inbox_days: u16,
    pub request_key_days: u16,
    pub audit_days: u16,
}

impl RetentionSettings {
    /// What is wrong with how long things are kept; the database would keep them longer all the same.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let rules = [
            (self.sent_days == 0, "retention.sent_days must be at least 1"),
            (self.request_key_days == 0, "retention.request_key_days must be at least 1"),
            (self.inbox_days < self.sent_days.saturating_add(7), "retention.inbox_days must be a week above sent_days"),
            ((1..183).contains(&self.audit_days), "retention.audit_days must be 0, or at least 183"),
        ];
        rules.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect()
    }
}
