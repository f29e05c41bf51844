//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod account;
mod acknowledge_message;
mod claim_delivery;
mod discard_delivery;
mod fail_delivery;
mod get_delivery;
mod get_mail_preferences;
mod holdings;
mod list_deliveries;
mod list_messages;
mod mark_message_read;
mod note_attempt;
mod postpone_delivery;
mod put;
mod read_on;
mod recall;
mod remind;
mod replay_delivery;
mod send_delivery;
mod settle;
mod tell;
mod update_mail_preferences;
mod withdraw_reminders;

pub use account::account;
pub use acknowledge_message::AcknowledgeMessage;
pub use claim_delivery::{ClaimDelivery, Claimed};
pub use discard_delivery::DiscardDelivery;
pub use fail_delivery::FailDelivery;
pub use get_delivery::GetDelivery;
pub use get_mail_preferences::GetMailPreferences;
pub use holdings::{Holdings, holdings};
pub use list_deliveries::ListDeliveries;
pub use list_messages::ListMessages;
pub use mark_message_read::MarkMessageRead;
pub use note_attempt::NoteAttempt;
pub use postpone_delivery::PostponeDelivery;
pub use read_on::{ReadOn, STRETCH};
pub use recall::{Decided, Said};
pub use remind::Remind;
pub use replay_delivery::ReplayDelivery;
pub use send_delivery::SendDelivery;
pub use tell::Tell;
pub use update_mail_preferences::UpdateMailPreferences;
pub use withdraw_reminders::WithdrawReminders;

use relais_platform::{Result, audit::Subject, calls::Caller};

use crate::domain::{Delivery, Mailbox, Mark, Message};

impl From<&Message> for Subject {
    fn from(message: &Message) -> Self {
        let subject = Self::of(message.id);
        match message.referral {
            Some(referral) => subject.referral(referral),
            None => subject,
        }
    }
}

impl From<&Delivery> for Subject {
    fn from(delivery: &Delivery) -> Self {
        Self::of(delivery.id).referral(delivery.referral)
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

/// The caller's own mailbox: the unit's when the token names one, else the organisation's.
///
/// # Errors
/// PERMISSION_DENIED when the token names no organisation.
fn mailbox_of(caller: &Caller) -> Result<Mailbox> {
    Ok(Mailbox { organisation: caller.acting_organisation()?, unit: caller.unit })
}

/// That the caller did something now.
fn mark(caller: &Caller, at: chrono::DateTime<chrono::Utc>) -> Mark {
    Mark { at, by: caller.key() }
}
