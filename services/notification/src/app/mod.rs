//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod list_messages;
mod read_on;
mod tell_parties;

pub use list_messages::ListMessages;
pub use read_on::{ReadOn, STRETCH};
pub use tell_parties::TellParties;

use relais_platform::{Result, calls::Caller};

use crate::domain::Mailbox;

/// The caller's inbox: the unit's when the token names one, else the organisation's.
///
/// # Errors
/// PERMISSION_DENIED when the token names no organisation.
pub fn mailbox_of(caller: &Caller) -> Result<Mailbox> {
    Ok(Mailbox { organisation: caller.acting_organisation()?, unit: caller.unit })
}
