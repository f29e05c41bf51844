//! The audit: who read or changed whose data, when, what for, and how it ended.
//!
//! A use case leaves a row for all that it serves or changes with [`Unit::audit`](crate::database::Unit::audit), in the
//! transaction that serves it; lists leave one for each row. A refusal undoes its unit, so its row is written by a short
//! transaction before the refusal goes out; it names what was asked for
//! ([`UseCase::asks`](crate::database::UseCase::asks)). Without the row no answer goes out.
//!
//! Rows append freely. Every second the `sealer` puts those not sealed yet into a [`chain`] of hashes and exports its head
//! ([`heads`]); [`verify()`] finds any byte changed, row removed, inserted or swapped, and a tail that was cut. What is not
//! sealed yet, a second's worth, is not protected.

mod account;
pub mod chain;
mod entries;
pub mod heads;
mod row;
pub(crate) mod sealer;
pub(crate) mod store;
mod subject;
mod verify;

pub(crate) use account::ListAccesses;
pub use account::{Account, Asked};
pub(crate) use entries::Entries;
pub use row::Row;
pub use subject::Subject;
pub use verify::{Verified, fault, verify};

use crate::{
    error::{Error, Kind},
    text_enum,
};

text_enum! {
    /// How an access ended.
    pub enum Outcome {
        /// Read, and shown.
        Served = "served",
        /// Changed.
        Changed = "changed",
        /// Not allowed, not there, or not as things stand.
        Refused = "refused",
    }
}

/// Whether a failure is an answer to what was asked. An outage or a fault of ours shows nobody anything.
pub(crate) fn is_refusal(error: &Error) -> bool {
    !matches!(error.kind, Kind::Unavailable | Kind::Internal)
}
