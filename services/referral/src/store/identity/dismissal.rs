//! Dismissals: pairs that are of two people.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::{DismissReason, Dismissal};

struct Row {
    id: Uuid,
    patient_id: Uuid,
    other_id: Uuid,
    reason: String,
    dismiss_time: DateTime<Utc>,
    end_time: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Dismissal {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            patient: row.patient_id.into(),
            other: row.other_id.into(),
            reason: DismissReason::stored(&row.reason)?,
            dismiss_time: row.dismiss_time,
            end_time: row.end_time,
        })
    }
}

/// Keeps a dismissal.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_dismissal(unit: &mut Unit<'_>, organisation: OrganisationId, dismissal: &Dismissal) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "INSERT INTO patient_dismissal (id, organisation_id, patient_id, other_id, reason, dismiss_time, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        dismissal.id,
        organisation.0,
        dismissal.patient.0,
        dismissal.other.0,
        dismissal.reason.as_str(),
        dismissal.dismiss_time,
        actor,
    );
    query.with_operation("INSERT", "patient_dismissal").execute(unit.sql()).await?;
    Ok(())
}

/// Ends the dismissals that stand between a record and some others.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn end_dismissals(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: PatientId,
    others: &[PatientId],
) -> Result<()> {
    let (actor, now) = (unit.caller()?.key(), unit.now());
    let others: Vec<Uuid> = others.iter().map(|other| other.0).collect();
    let query = sqlx::query!(
        "UPDATE patient_dismissal SET end_time = $4, end_actor = $5
         WHERE organisation_id = $1 AND end_time IS NULL
           AND ((patient_id = $2 AND other_id = ANY($3)) OR (other_id = $2 AND patient_id = ANY($3)))",
        organisation.0,
        patient.0,
        &others,
        now,
        actor,
    );
    query.with_operation("UPDATE", "patient_dismissal").execute(unit.sql()).await?;
    Ok(())
}

/// Finds the dismissal that stands between two records, whichever way round.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_standing_dismissal(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    (patient, other): (PatientId, PatientId),
) -> Result<Option<Dismissal>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, patient_id, other_id, reason, dismiss_time, end_time FROM patient_dismissal
         WHERE organisation_id = $1 AND end_time IS NULL
           AND LEAST(patient_id, other_id) = LEAST($2::uuid, $3::uuid)
           AND GREATEST(patient_id, other_id) = GREATEST($2::uuid, $3::uuid)",
        organisation.0,
        patient.0,
        other.0,
    );
    let row = query.with_operation("SELECT", "patient_dismissal").fetch_optional(unit.sql()).await?;
    row.map(Dismissal::try_from).transpose()
}

/// Gets a dismissal by its id.
///
/// # Errors
/// NOT_FOUND, also when one of the records was erased since.
pub async fn get_dismissal(unit: &mut Unit<'_>, organisation: OrganisationId, id: Uuid) -> Result<Dismissal> {
    let query = sqlx::query_as!(
        Row,
        "SELECT d.id, d.patient_id, d.other_id, d.reason, d.dismiss_time, d.end_time FROM patient_dismissal d
         JOIN patient p ON p.id = d.patient_id AND p.state <> 'erased'
         JOIN patient o ON o.id = d.other_id AND o.state <> 'erased'
         WHERE d.organisation_id = $1 AND d.id = $2",
        organisation.0,
        id,
    );
    let row = query.with_operation("SELECT", "patient_dismissal").fetch_optional(unit.sql()).await?;
    row.map(Dismissal::try_from).unwrap_or_else(|| Err(Error::not_found("the dismissal")))
}

/// All dismissals of some records, standing or not.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_dismissals(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patients: &[Uuid],
) -> Result<Vec<Dismissal>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, patient_id, other_id, reason, dismiss_time, end_time FROM patient_dismissal
         WHERE organisation_id = $1 AND (patient_id = ANY($2) OR other_id = ANY($2)) ORDER BY dismiss_time, id",
        organisation.0,
        patients,
    );
    let rows = query.with_operation("SELECT", "patient_dismissal").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Dismissal::try_from).collect()
}
