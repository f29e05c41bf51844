//! Merges, standing and taken back.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::{Merge, MergeReason};

struct Row {
    id: Uuid,
    survivor_id: Uuid,
    merged_id: Uuid,
    reason: String,
    merge_time: DateTime<Utc>,
    unmerge_time: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Merge {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            survivor: row.survivor_id.into(),
            merged: row.merged_id.into(),
            reason: MergeReason::stored(&row.reason)?,
            merge_time: row.merge_time,
            unmerge_time: row.unmerge_time,
        })
    }
}

/// Keeps a merge.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_merge(unit: &mut Unit<'_>, organisation: OrganisationId, merge: &Merge) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "INSERT INTO patient_merge (id, organisation_id, survivor_id, merged_id, reason, merge_time, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        merge.id,
        organisation.0,
        merge.survivor.0,
        merge.merged.0,
        merge.reason.as_str(),
        merge.merge_time,
        actor,
    );
    query.with_operation("INSERT", "patient_merge").execute(unit.sql()).await?;
    Ok(())
}

/// Keeps that a merge was taken back.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn undo_merge(unit: &mut Unit<'_>, organisation: OrganisationId, merge: &Merge) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "UPDATE patient_merge SET unmerge_time = $3, unmerge_actor = $4 WHERE organisation_id = $1 AND id = $2",
        organisation.0,
        merge.id,
        merge.unmerge_time,
        actor,
    );
    query.with_operation("UPDATE", "patient_merge").execute(unit.sql()).await?;
    Ok(())
}

/// Finds the merge by which a record is merged now.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_standing_merge(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    merged: PatientId,
) -> Result<Option<Merge>> {
    let merges = list_merges(unit, organisation, &[merged.0]).await?;
    Ok(merges.into_iter().find(|merge| merge.merged == merged && merge.unmerge_time.is_none()))
}

/// Gets a merge by its id.
///
/// # Errors
/// NOT_FOUND, also when one of the records was erased since.
pub async fn get_merge(unit: &mut Unit<'_>, organisation: OrganisationId, id: Uuid) -> Result<Merge> {
    let query = sqlx::query_as!(
        Row,
        "SELECT m.id, m.survivor_id, m.merged_id, m.reason, m.merge_time, m.unmerge_time FROM patient_merge m
         JOIN patient p ON p.id = m.merged_id AND p.state <> 'erased'
         WHERE m.organisation_id = $1 AND m.id = $2",
        organisation.0,
        id,
    );
    let row = query.with_operation("SELECT", "patient_merge").fetch_optional(unit.sql()).await?;
    row.map(Merge::try_from).unwrap_or_else(|| Err(Error::not_found("the merge")))
}

/// All merges of some records, standing or not.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_merges(unit: &mut Unit<'_>, organisation: OrganisationId, patients: &[Uuid]) -> Result<Vec<Merge>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, survivor_id, merged_id, reason, merge_time, unmerge_time FROM patient_merge
         WHERE organisation_id = $1 AND (survivor_id = ANY($2) OR merged_id = ANY($2)) ORDER BY merge_time, id",
        organisation.0,
        patients,
    );
    let rows = query.with_operation("SELECT", "patient_merge").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Merge::try_from).collect()
}
