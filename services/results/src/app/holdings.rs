//! All that is held here on a patient, for whoever holds the record.

use relais_platform::{Error, Result, audit::Account, database::Unit, ids::PatientId};

use super::account::account_of;
use crate::{domain::Order, store};

/// The orders of a patient, and whose accesses belong to them.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of them.
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<(Vec<Order>, Account)> {
    let held = store::list_of_patient(unit, patient).await?;
    let account = account_of(patient, &held)?;
    if !store::sees_all_of(unit, patient).await? {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    held.iter().for_each(|order| unit.audit(order));
    Ok((held, account))
}
