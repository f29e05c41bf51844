//! All SQL of the service, checked at compile time; one file per aggregate. A function that joins a unit of work takes it
//! first.

mod account;
pub mod appointment;
pub mod closure;
mod opened_file;
pub mod opening_rule;
mod party;
pub mod referral;
pub mod search;
pub mod seat;
pub mod site;
pub mod slot;

pub use account::{forget_patient, is_sender, list_ids_of, note_patient, sees_all_of};
pub use appointment::list_of_patient;
pub use opened_file::{OpenedFile, find_purpose, note_opened};
pub use party::{PartyLists, list_parties};
