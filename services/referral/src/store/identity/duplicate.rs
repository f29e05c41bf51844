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
    same_qualified: bool,
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
            same_qualified: row.same_qualified,
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
    let qualified: Vec<bool> = pairs.iter().map(|pair| pair.same_qualified).collect();
    let now = unit.now();
    let query = sqlx::query!(
        "WITH gone AS (
             DELETE FROM patient_duplicate WHERE organisation_id = $1
                 AND ((patient_id = $2 AND NOT other_id = ANY($4)) OR (other_id = $2 AND NOT patient_id = ANY($4)))
         )
         INSERT INTO patient_duplicate (id, organisation_id, patient_id, other_id, reasons, create_time, same_qualified)
         SELECT t.id, $1, $2, t.other, string_to_array(t.reasons, ','), $6, t.qualified
         FROM unnest($3::uuid[], $4::uuid[], $5::text[], $7::boolean[]) AS t(id, other, reasons, qualified)
         ON CONFLICT (organisation_id, LEAST(patient_id, other_id), GREATEST(patient_id, other_id))
         DO UPDATE SET reasons = EXCLUDED.reasons, same_qualified = EXCLUDED.same_qualified",
        organisation.0,
        patient.0,
        &ids,
        &others,
        &reasons,
        now,
        &qualified,
    );
    query.with_operation("INSERT", "patient_duplicate").execute(unit.sql()).await?;
    Ok(())
}

/// A page of pairs of an organisation, of one record or of all, the most recent first. Pairs with a merged record wait until
/// it is taken apart, dismissed ones until that is taken back.
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
        "SELECT d.id, d.patient_id, d.other_id, d.reasons, d.same_qualified, d.create_time FROM patient_duplicate d
         JOIN patient p ON p.id = d.patient_id AND p.state = 'active'
         JOIN patient o ON o.id = d.other_id AND o.state = 'active'
         WHERE d.organisation_id = $1 AND ($2::uuid IS NULL OR d.patient_id = $2 OR d.other_id = $2)
           AND NOT EXISTS (
               SELECT FROM patient_dismissal x WHERE x.organisation_id = $1 AND x.end_time IS NULL
                   AND LEAST(x.patient_id, x.other_id) = LEAST(d.patient_id, d.other_id)
                   AND GREATEST(x.patient_id, x.other_id) = GREATEST(d.patient_id, d.other_id))
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

/// Whether a pair of records is known to have the same qualified number.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn have_same_qualified(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    (patient, other): (PatientId, PatientId),
) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM patient_duplicate WHERE organisation_id = $1 AND same_qualified
                   AND LEAST(patient_id, other_id) = LEAST($2::uuid, $3::uuid)
                   AND GREATEST(patient_id, other_id) = GREATEST($2::uuid, $3::uuid)) AS "same!""#,
        organisation.0,
        patient.0,
        other.0,
    );
    Ok(query.with_operation("SELECT", "patient_duplicate").fetch_one(unit.sql()).await?)
}

/// All pairs of some records, dismissed ones too.
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
        "SELECT id, patient_id, other_id, reasons, same_qualified, create_time FROM patient_duplicate
         WHERE organisation_id = $1 AND (patient_id = ANY($2) OR other_id = ANY($2)) ORDER BY create_time, id",
        organisation.0,
        patients,
    );
    let rows = query.with_operation("SELECT", "patient_duplicate").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Duplicate::try_from).collect()
}
