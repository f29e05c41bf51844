//! Use cases of patient records and of the vault.

mod create_patient;
mod dismiss_duplicate;
mod erase_patient;
mod export_patient;
mod get_patient;
mod lift_hold;
mod list_duplicates;
mod merge_patients;
mod place_hold;
mod recall;
mod rotate_keys;
mod search_patients;
mod twins;
mod undismiss_duplicate;
mod unmerge_patients;
mod update_patient;
mod vault;

pub use create_patient::CreatePatient;
pub use dismiss_duplicate::DismissDuplicate;
pub use erase_patient::ErasePatient;
pub use export_patient::{Export, ExportPatient, export};
pub use get_patient::GetPatient;
pub use lift_hold::LiftHold;
pub use list_duplicates::ListDuplicates;
pub use merge_patients::MergePatients;
pub use place_hold::PlaceHold;
pub use rotate_keys::RotateKeys;
pub use search_patients::{Found, Match, SearchPatients};
pub use undismiss_duplicate::UndismissDuplicate;
pub use unmerge_patients::UnmergePatients;
pub use update_patient::UpdatePatient;
pub use vault::Vault;
