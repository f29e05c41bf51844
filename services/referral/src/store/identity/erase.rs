//! Erasure: the patient's key, the sealed person, all tokens and what was said in words go, links end; that there was a record
//! stays.

use relais_platform::{
    Result,
    database::Unit,
    error::Error,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{identity::Erasure, referral::State};

/// Erases records, in one statement.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn erase(unit: &mut Unit<'_>, organisation: OrganisationId, patients: &[PatientId]) -> Result<()> {
    let (actor, now) = (unit.caller()?.key(), unit.now());
    let ids: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let query = sqlx::query!(
        "WITH p AS (
             UPDATE patient SET state = 'erased', merged_into = NULL, version = version + 1, data_key = NULL,
                 data_key_version = NULL
             WHERE organisation_id = $1 AND id = ANY($2) RETURNING id, version
         ), s AS (
             DELETE FROM patient_person WHERE organisation_id = $1 AND patient_id = ANY($2)
         ), t AS (
             DELETE FROM patient_token WHERE organisation_id = $1 AND patient_id = ANY($2)
         ), d AS (
             DELETE FROM patient_duplicate WHERE organisation_id = $1 AND (patient_id = ANY($2) OR other_id = ANY($2))
         ), n AS (
             DELETE FROM referral_note WHERE referral_id IN (
                 SELECT id FROM referral WHERE referrer_id = $1 AND patient_id = ANY($2))
         ), l AS (
             UPDATE partner_link SET revoked_at = $3 WHERE revoked_at IS NULL AND referral_id IN (
                 SELECT id FROM referral WHERE referrer_id = $1 AND patient_id = ANY($2))
         ), w AS (
             DELETE FROM file_words WHERE referral_id IN (
                 SELECT id FROM referral WHERE referrer_id = $1 AND patient_id = ANY($2))
         )
         INSERT INTO patient_version (organisation_id, patient_id, version, state, at, actor)
         SELECT $1, p.id, p.version, 'erased', $3, $4 FROM p",
        organisation.0,
        &ids,
        now,
        actor,
    );
    query.with_operation("UPDATE", "patient").execute(unit.sql()).await?;
    Ok(())
}

/// That a record was erased, for who erased it and asks again.
///
/// # Errors
/// NOT_FOUND when it was not.
pub async fn find_erasure(unit: &mut Unit<'_>, organisation: OrganisationId, patient: PatientId) -> Result<Erasure> {
    let query = sqlx::query!(
        "SELECT version, at FROM patient_version WHERE organisation_id = $1 AND patient_id = $2 AND state = 'erased'",
        organisation.0,
        patient.0,
    );
    let row = query.with_operation("SELECT", "patient_version").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(patient))?;
    Ok(Erasure { patient, version: row.version, erase_time: row.at })
}

/// A record and all that stand as merged into it, erased ones only `with_erased`: whose accesses are one person's. Merges outlive
/// an erasure, which the records' own word of them does not.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_merged(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: PatientId,
    with_erased: bool,
) -> Result<Vec<PatientId>> {
    let query = sqlx::query_scalar!(
        r#"WITH RECURSIVE family AS (
               SELECT id FROM patient WHERE organisation_id = $1 AND id = $2 AND (state <> 'erased' OR $3)
               UNION
               SELECT m.merged_id FROM patient_merge m JOIN family f ON m.survivor_id = f.id
               WHERE m.organisation_id = $1 AND m.unmerge_time IS NULL
           ) SELECT id AS "id!" FROM family"#,
        organisation.0,
        patient.0,
        with_erased,
    );
    let ids = query.with_operation("SELECT", "patient").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Numbers of the open referrals of some records.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn open_referrals(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patients: &[PatientId],
) -> Result<Vec<String>> {
    let ids: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let query = sqlx::query_scalar!(
        "SELECT number FROM referral
         WHERE referrer_id = $1 AND patient_id = ANY($2) AND state <> ALL($3) ORDER BY create_time",
        organisation.0,
        &ids,
        &State::closed(),
    );
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

/// Those of some records that were erased, of whichever organisations: for a snapshot, which names them no more.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_erased(unit: &mut Unit<'_>, patients: &[PatientId]) -> Result<Vec<PatientId>> {
    let ids: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let query = sqlx::query_scalar!("SELECT id FROM patient WHERE id = ANY($1) AND state = 'erased'", &ids);
    let erased = query.with_operation("SELECT", "patient").fetch_all(unit.sql()).await?;
    Ok(erased.into_iter().map(Into::into).collect())
}
