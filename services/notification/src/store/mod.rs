//! All SQL of the service, checked at compile time; one file per aggregate. A function that joins a unit of work takes it
//! first.

mod message;
mod sender;

pub use message::{NewMessages, list, list_about, list_after};
pub use sender::{Senders, forget_patient, forget_patient_of, is_sender, list_sent_for};
