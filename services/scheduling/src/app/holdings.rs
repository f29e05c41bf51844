//! All that is held here on a patient, for whoever holds the record.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    audit::Account,
    database::Unit,
    ids::{AppointmentId, PatientId},
};
use uuid::Uuid;

use super::account::account_of;
use crate::{
    domain::{Appointment, Hold, Version},
    store,
};

/// What is held on a patient.
#[derive(Debug)]
pub struct Holdings {
    /// Appointments, with what is wished for and needed.
    pub appointments: Vec<Appointment>,
    /// Each version of them.
    pub versions: Vec<Version>,
    /// Seats that were held for them, and since when.
    pub holds: Vec<(AppointmentId, DateTime<Utc>, Hold)>,
    /// Whose accesses belong to them.
    pub account: Account,
}

/// All that is held on a patient.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of it.
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Holdings> {
    let appointments = store::list_of_patient(unit, patient).await?;
    let account = account_of(patient, &appointments)?;
    if !store::sees_all_of(unit, patient).await? {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    appointments.iter().for_each(|appointment| unit.audit(appointment));
    let ids: Vec<Uuid> = appointments.iter().map(|appointment| appointment.id.0).collect();
    let versions = store::appointment::list_versions(unit, &ids).await?;
    let holds = store::appointment::list_holds(unit, &ids).await?;
    Ok(Holdings { appointments, versions, holds, account })
}
