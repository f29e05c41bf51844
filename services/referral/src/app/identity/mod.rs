//! Use cases of patient records.

mod create_patient;
mod get_patient;

pub use create_patient::CreatePatient;
pub use get_patient::GetPatient;
