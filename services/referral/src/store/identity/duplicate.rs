//! Pairs of records that may be of one person.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    calls::PageRequest,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::{Duplicate, DuplicateReason};

struct Row {
    id: Uuid,
    patient_id: Uuid,
    other_id: Uuid,
    reasons: Vec<String>,
    create_time: DateTime<Utc>,
}

impl TryFrom<Row> for Duplicate {
    type Error = relais_platform::Error;

    fn try_from(row: Row) -> Result<Self> {
        let reasons = row.reasons.iter().map(|reason| DuplicateReason::stored(reason)).collect::<Result<_>>()?;
        Ok(Self {
            id: row.id,
            patient: row.patient_id.into(),
            other: row.other_id.into(),
            reasons,
            create_time: row.create_time,
        })
    }
}

/// Keeps the pairs of a record, and none of before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_duplicates(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: PatientId,
    pairs: &[Duplicate],
) -> Result<()> {
    let others: Vec<Uuid> = pairs.iter().map(|pair| pair.other.0).collect();
    let ids: Vec<Uuid> = pairs.iter().map(|pair| pair.id).collect();
    let text = |pair: &Duplicate| pair.reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(",");
    let reasons: Vec<String> = pairs.iter().map(text).collect();
    let now = unit.now();
    let query = sqlx::query!(
        "WITH gone AS (
             DELETE FROM patient_duplicate WHERE organisation_id = $1
                 AND ((patient_id = $2 AND NOT other_id = ANY($4)) OR (other_id = $2 AND NOT patient_id = ANY($4)))
         )
         INSERT INTO patient_duplicate (id, organisation_id, patient_id, other_id, reasons, create_time)
         SELECT t.id, $1, $2, t.other, string_to_array(t.reasons, ','), $6
         FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS t(id, other, reasons)
         ON CONFLICT (organisation_id, LEAST(patient_id, other_id), GREATEST(patient_id, other_id))
         DO UPDATE SET reasons = EXCLUDED.reasons",
        organisation.0,
        patient.0,
        &ids,
        &others,
        &reasons,
        now,
    );
    query.with_operation("INSERT", "patient_duplicate").execute(unit.sql()).await?;
    Ok(())
}

/// A page of pairs of an organisation, of one record or of all, the most recent first. Pairs with a merged record wait until
/// it is taken apart.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_duplicates(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: Option<PatientId>,
    page: &PageRequest,
) -> Result<Vec<Duplicate>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT d.id, d.patient_id, d.other_id, d.reasons, d.create_time FROM patient_duplicate d
         JOIN patient p ON p.id = d.patient_id AND p.state = 'active'
         JOIN patient o ON o.id = d.other_id AND o.state = 'active'
         WHERE d.organisation_id = $1 AND ($2::uuid IS NULL OR d.patient_id = $2 OR d.other_id = $2)
           AND (d.create_time, d.id) < ($3, $4)
         ORDER BY d.create_time DESC, d.id DESC LIMIT $5",
        organisation.0,
        patient.map(|patient| patient.0),
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "patient_duplicate").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Duplicate::try_from).collect()
}

/// All pairs of some records.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_duplicates_of(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patients: &[Uuid],
) -> Result<Vec<Duplicate>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, patient_id, other_id, reasons, create_time FROM patient_duplicate
         WHERE organisation_id = $1 AND (patient_id = ANY($2) OR other_id = ANY($2)) ORDER BY create_time, id",
        organisation.0,
        patients,
    );
    let rows = query.with_operation("SELECT", "patient_duplicate").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Duplicate::try_from).collect()
}
