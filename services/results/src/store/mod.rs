//! All SQL of the service, checked at compile time; one file per aggregate. A function that joins a unit of work takes it
//! first.

mod account;
pub mod attachment;
pub mod chunk;
mod erasure;
pub mod key;
mod opened_file;
mod order;
mod order_version;
mod party;
pub mod referral;
pub mod report;
pub mod site;

pub use account::{is_sender, list_ids_of, note_patient, sees_all_of};
pub use erasure::{forget_patient, forget_patient_of};
pub use opened_file::{OpenedFile, find_purpose, note_opened};
pub use order::{
    NewOrders, find_asked, find_open, find_patient, find_revoked, get, list, list_all, list_of, list_of_patient, save,
};
pub use order_version::{get_at, insert_version};
pub use party::PartyLists;
