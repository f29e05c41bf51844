//! Bugs and faults planted on purpose, so that tests prove that they would find them.
//!
//! Only a build with the feature `planted-bugs` has the settings `planted.bug` and `planted.fault`; every other build refuses
//! them by name, and the compiler removes what asks for them. A bug is a mistake that a directed test must catch every
//! time; a fault is what that test does to the process, at the one point where it hurts.

use crate::text_enum;

text_enum! {
    /// A mistake in how messages travel, in who sees what, or in what is promised.
    pub enum Bug {
        /// The relay takes a message for sent as soon as it is written to the connection.
        NoConfirm = "no-confirm",
        /// The relay takes an acknowledged message for routed, although it came back.
        ReturnIsSuccess = "return-is-success",
        /// The relay reads the outbox by position: what commits late under a lower one is passed over.
        OutboxByPosition = "outbox-by-position",
        /// The consumer acknowledges before it commits.
        AckBeforeCommit = "ack-before-commit",
        /// The consumer keeps no inbox.
        NoInbox = "no-inbox",
        /// A message that fails goes back to its queue, again and again.
        EndlessRedelivery = "endless-redelivery",
        /// A unit of work runs inside the call, and ends with it.
        CancellableUnit = "cancellable-unit",
        /// Whose rows are seen is told to the session, not to the transaction alone.
        SettingNotLocal = "setting-not-local",
        /// The audit is written when the answer is on its way, outside the transaction that it tells of.
        AuditOutside = "audit-outside",
        /// A place is taken of a firm line without looking whether one is left.
        UnheldLine = "unheld-line",
    }
}

text_enum! {
    /// What is done to the process.
    pub enum Fault {
        /// It dies before a consumer's first commit.
        DieBeforeCommit = "die-before-commit",
        /// It dies of every message whose type ends in `.cancelled.v1`.
        DieOfCancelled = "die-of-cancelled",
        /// The broker closes the consumer's channel, once, after its first batch.
        CloseChannel = "close-channel",
    }
}

/// What is planted in this process: nothing, unless a test says so.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Planted {
    /// The bug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
    /// The fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

impl Planted {
    /// Whether this bug is there.
    pub fn has(self, bug: Bug) -> bool {
        cfg!(feature = "planted-bugs") && self.bug == Some(bug)
    }

    /// Whether this fault is to happen.
    pub fn befalls(self, fault: Fault) -> bool {
        cfg!(feature = "planted-bugs") && self.fault == Some(fault)
    }

    /// Dies on the spot, as by SIGKILL, if this fault is to happen.
    pub fn die(self, fault: Fault) {
        if self.befalls(fault) {
            std::process::abort();
        }
    }
}
