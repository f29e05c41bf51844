//! What the clients were told: the one side of the check.

use uuid::Uuid;

/// How a request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answer<T> {
    /// Not yet: there was no answer, or the one that the same request may be sent again.
    #[default]
    None,
    /// Acknowledged: this is promised.
    Done(T),
    /// Refused, with the code and what was said.
    Refused(String),
}

impl<T> Answer<T> {
    /// What was acknowledged.
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }
}

/// A request to submit a referral, and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// Its `request_id`, the same each time it was sent.
    pub request: Uuid,
    /// The referral that was acknowledged.
    pub answer: Answer<Uuid>,
    /// What this request, or the one that cancels, was answered later, where that was something else.
    pub others: Vec<String>,
    /// A request to cancel that referral, if one was made.
    pub cancel: Option<Cancel>,
    /// What was read and answered: each is in the audit, whatever was killed.
    pub reads: Vec<Reading>,
}

/// A patient's data that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// By which RPC.
    pub rpc: &'static str,
    /// In a trace of its own, by which the audit names it.
    pub trace: String,
}

/// A request to cancel a referral that was acknowledged.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    /// Its `request_id`.
    pub request: Uuid,
    /// How it was answered.
    pub answer: Answer<()>,
}

/// All requests of a run.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// In no order.
    pub submissions: Vec<Submission>,
}
