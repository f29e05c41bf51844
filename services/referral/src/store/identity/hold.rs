//! Holds.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::Violation,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::{Hold, HoldReason};

struct Row {
    id: Uuid,
    patient_id: Uuid,
    reason: String,
    create_time: DateTime<Utc>,
    end_time: Option<DateTime<Utc>>,
    lift_time: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Hold {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            patient: row.patient_id.into(),
            reason: HoldReason::stored(&row.reason)?,
            create_time: row.create_time,
            end_time: row.end_time,
            lift_time: row.lift_time,
        })
    }
}

/// Keeps a hold.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_hold(unit: &mut Unit<'_>, organisation: OrganisationId, hold: &Hold) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "INSERT INTO patient_hold (id, organisation_id, patient_id, reason, create_time, end_time, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hold.id,
        organisation.0,
        hold.patient.0,
        hold.reason.as_str(),
        hold.create_time,
        hold.end_time,
        actor,
    );
    query.with_operation("INSERT", "patient_hold").execute(unit.sql()).await?;
    Ok(())
}

/// Lifts a hold that stands.
///
/// # Errors
/// FAILED_PRECONDITION when it was lifted before.
pub async fn lift_hold(unit: &mut Unit<'_>, organisation: OrganisationId, hold: &Hold) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "UPDATE patient_hold SET lift_time = $3, lift_actor = $4
         WHERE organisation_id = $1 AND id = $2 AND lift_time IS NULL",
        organisation.0,
        hold.id,
        hold.lift_time,
        actor,
    );
    let done = query.with_operation("UPDATE", "patient_hold").execute(unit.sql()).await?;
    let rule = || Violation::new("hold-not-standing", "it was lifted before");
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::refused("HOLD_LIFTED", vec![rule()])) }
}

/// Gets a hold by its id.
///
/// # Errors
/// NOT_FOUND, also when the record was erased since.
pub async fn get_hold(unit: &mut Unit<'_>, organisation: OrganisationId, id: Uuid) -> Result<Hold> {
    let query = sqlx::query_as!(
        Row,
        "SELECT h.id, h.patient_id, h.reason, h.create_time, h.end_time, h.lift_time FROM patient_hold h
         JOIN patient p ON p.id = h.patient_id AND p.state <> 'erased'
         WHERE h.organisation_id = $1 AND h.id = $2",
        organisation.0,
        id,
    );
    let row = query.with_operation("SELECT", "patient_hold").fetch_optional(unit.sql()).await?;
    row.map(Hold::try_from).unwrap_or_else(|| Err(Error::not_found("the hold")))
}

/// All holds on some records, standing or not.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_holds(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patients: &[PatientId],
) -> Result<Vec<Hold>> {
    let patients: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, patient_id, reason, create_time, end_time, lift_time FROM patient_hold
         WHERE organisation_id = $1 AND patient_id = ANY($2) ORDER BY create_time, id",
        organisation.0,
        &patients,
    );
    let rows = query.with_operation("SELECT", "patient_hold").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Hold::try_from).collect()
}
