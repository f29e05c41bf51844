//! Messages given up: visible with their error, until a person replays or discards them.
//!
//! A parked message holds up its aggregate alone. Replayed, it goes through the retry rows like any that failed; discarded,
//! its version is passed over.

mod decide;
mod store;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{ids::ParkedMessageId, text_enum};

pub(crate) use decide::{DiscardParked, GetParked, ListParked, ReplayParked};
pub(super) use store::{mark_killed, park, park_killed, park_reused, park_unreadable, unmark};

text_enum! {
    /// Why a message was given up.
    pub enum Cause {
        /// Its last attempt failed, or its body is none of its type.
        Failed = "failed",
        /// It has no envelope that can be read.
        Unreadable = "unreadable",
        /// Another message came under its id before.
        Reused = "reused",
        /// An earlier version of its aggregate is missing.
        Gap = "gap",
        /// It killed whoever tried it.
        Killed = "killed",
    }
}

text_enum! {
    /// Where a message stands that was given up.
    pub enum State {
        /// It waits for a person.
        Parked = "parked",
        /// It was tried again.
        Replayed = "replayed",
        /// It was given up for good.
        Discarded = "discarded",
    }
}

/// A message that was given up, without its body.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Its id here.
    pub id: ParkedMessageId,
    /// Where it stands.
    pub state: State,
    /// Why it was given up.
    pub cause: Cause,
    /// Its own id, if it has one.
    pub message_id: Option<Uuid>,
    /// Its type, or the routing key.
    pub type_name: String,
    /// The kind of its aggregate.
    pub aggregate_kind: String,
    /// Its aggregate, if it has one.
    pub aggregate_id: Option<Uuid>,
    /// The aggregate's version.
    pub version: i64,
    /// How often it was tried.
    pub attempt: i32,
    /// What went wrong.
    pub error: String,
    /// Its size in bytes.
    pub size: i64,
    /// Its `traceparent`, or nothing.
    pub traceparent: String,
    /// When it happened that it tells of.
    pub time: Option<DateTime<Utc>>,
    /// When it was given up, by the machine's time.
    pub parked_at: DateTime<Utc>,
    /// When it was decided on.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who decided.
    pub resolved_by: String,
    /// Why.
    pub reason: String,
}

impl Parked {
    /// The trace it belongs to: the second part of `traceparent`.
    pub fn trace_id(&self) -> &str {
        self.traceparent.split('-').nth(1).unwrap_or_default()
    }
}
