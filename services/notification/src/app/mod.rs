//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod account;
mod forget_patient;
mod holdings;
mod list_messages;
mod read_on;
mod tell_parties;

pub use account::account;
pub use forget_patient::ForgetPatient;
pub use holdings::holdings;
pub use list_messages::ListMessages;
pub use read_on::{ReadOn, STRETCH};
pub use tell_parties::TellParties;

use relais_platform::{Result, audit::Subject, calls::Caller};

use crate::domain::{Mailbox, Message};

impl From<&Message> for Subject {
    fn from(message: &Message) -> Self {
        Self::of(message.id).referral(message.referral)
    }
}

/// The caller's inbox: the mailbox of the organisation, and that of the own unit when the token names one.
///
/// # Errors
/// PERMISSION_DENIED when the token names no organisation.
pub fn inbox_of(caller: &Caller) -> Result<Vec<Mailbox>> {
    let organisation = caller.acting_organisation()?;
    let own = caller.unit.map(|unit| Mailbox { organisation, unit: Some(unit) });
    Ok([Mailbox { organisation, unit: None }].into_iter().chain(own).collect())
}
