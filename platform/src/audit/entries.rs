//! Rows of the audit that a unit leaves, as arrays for one statement.

use opentelemetry::trace::TraceContextExt;
use uuid::Uuid;

use super::{Outcome, Subject};

/// Columns of `audit` that differ from row to row; who and when are the unit's.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) resources: Vec<String>,
    pub(crate) patients: Vec<Option<Uuid>>,
    pub(crate) referrals: Vec<Option<Uuid>>,
    pub(crate) purposes: Vec<String>,
    pub(crate) outcomes: Vec<String>,
    pub(crate) reasons: Vec<String>,
    pub(crate) traces: Vec<String>,
}

impl Entries {
    /// Adds a row; `reason` is that of a refusal, and empty otherwise.
    pub(crate) fn push(&mut self, subject: Subject, outcome: Outcome, reason: &str) {
        self.ids.push(Uuid::now_v7());
        self.resources.push(subject.resource);
        self.patients.push(subject.patient);
        self.referrals.push(subject.referral);
        self.purposes.push(subject.purpose);
        self.outcomes.push(outcome.as_str().into());
        self.reasons.push(reason.into());
        self.traces.push(opentelemetry::Context::current().span().span_context().trace_id().to_string());
    }
}
