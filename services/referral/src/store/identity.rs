//! Patient records.

use relais_platform::{
    Error, Result,
    database::Unit,
    error::broken_constraint,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::identity::Patient;

/// Opens a record.
///
/// # Errors
/// PERMISSION_DENIED when the caller's organisation is not in the directory.
pub async fn insert(unit: &mut Unit<'_>, patient: &Patient) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO patient (id, organisation_id, create_time) VALUES ($1, $2, $3)",
        patient.id.0,
        patient.organisation.0,
        patient.create_time,
    );
    let done = query.with_operation("INSERT", "patient").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("patient_organisation_id_fkey") => Error::denied("your organisation is not in the directory"),
        _ => error.into(),
    })
}

/// Gets a record of one organisation; those of others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, organisation: OrganisationId, id: PatientId) -> Result<Patient> {
    let query = sqlx::query!(
        "SELECT id, organisation_id, create_time FROM patient WHERE organisation_id = $1 AND id = $2",
        organisation.0,
        id.0,
    );
    let row = query.with_operation("SELECT", "patient").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(id))?;
    Ok(Patient { id: row.id.into(), organisation: row.organisation_id.into(), create_time: row.create_time })
}
