//! All SQL of the service, checked at compile time; one file per aggregate. A function that joins a unit of work takes it
//! first.

mod attempt;
mod delivery;
mod mailing;
mod message;
mod preference;
mod sender;

pub use delivery::{
    NewDeliveries, again, claim, count_due, due, get as get_delivery, list as list_deliveries, lock as lock_delivery,
};
pub use delivery::{
    list_about as list_deliveries_about, of_caller, replay, save as save_delivery, send, wait, withdraw_reminders,
};
pub use message::{
    NewMessages, is_told, is_told_of_trouble, list, list_about, list_after, list_unread, lock, save_marks,
};
pub use preference::{get as get_preferences, insert as insert_preferences, recall as recall_preferences};
pub use sender::{Senders, forget_patient, forget_patient_of, is_sender, list_sent_for};

pub use attempt::{insert as insert_attempt, list as list_attempts};

use relais_platform::ids::{OrganisationId, UnitId};
use uuid::Uuid;

use crate::domain::Mailbox;

/// A mailbox as columns: the nil UUID stands for the organisation as a whole.
fn key(mailbox: Mailbox) -> (Uuid, Uuid) {
    (mailbox.organisation.0, mailbox.unit.map_or(Uuid::nil(), |unit| unit.0))
}

fn mailbox(organisation: Uuid, unit: Uuid) -> Mailbox {
    Mailbox { organisation: OrganisationId(organisation), unit: Some(unit).filter(|unit| !unit.is_nil()).map(UnitId) }
}
