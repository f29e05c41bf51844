//! Records with their sealed persons, and the timeline of their versions.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Violation, broken_constraint},
    ids::{OrganisationId, PatientId},
    vault::Sealed,
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::{Record, SealedPerson, State};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
    state: String,
    merged_into: Option<Uuid>,
    version: i64,
    person_version: Option<i64>,
    sealed: Option<Vec<u8>>,
    key_version: Option<i32>,
    data_key: Option<Vec<u8>>,
    data_key_version: Option<i32>,
    wrapped: Option<Vec<u8>>,
    master_key_version: Option<i32>,
}

impl TryFrom<Row> for Record {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let sealed = |version: Option<i32>, bytes: Option<Vec<u8>>| Some(Sealed { version: version?, bytes: bytes? });
        let person = || {
            Some(SealedPerson {
                written: row.person_version?,
                person: sealed(row.key_version, row.sealed)?,
                patient_key: sealed(row.data_key_version, row.data_key)?,
                organisation_key: sealed(row.master_key_version, row.wrapped)?,
            })
        };
        Ok(Self {
            id: row.id.into(),
            organisation: row.organisation_id.into(),
            state: State::stored(&row.state)?,
            merged_into: row.merged_into.map(Into::into),
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
            person: person(),
        })
    }
}

/// Opens a record.
///
/// # Errors
/// PERMISSION_DENIED when the caller's organisation is not in the directory.
pub async fn insert(unit: &mut Unit<'_>, record: &Record) -> Result<()> {
    let actor = unit.caller()?.key();
    let person = record.person.as_ref();
    let query = sqlx::query!(
        "WITH p AS (
             INSERT INTO patient (id, organisation_id, create_time, version, data_key, data_key_version)
             VALUES ($1, $2, $3, $4, $6, $7)
         ), s AS (
             INSERT INTO patient_person (organisation_id, patient_id, version, sealed, key_version)
             SELECT $2, $1, $4, $8, $9 WHERE $8::bytea IS NOT NULL
         )
         INSERT INTO patient_version (organisation_id, patient_id, version, state, person_version, at, actor)
         VALUES ($2, $1, $4, 'active', $5, $3, $10)",
        record.id.0,
        record.organisation.0,
        record.create_time,
        record.version,
        person.map(|person| person.written),
        person.map(|person| person.patient_key.bytes.as_slice()),
        person.map(|person| person.patient_key.version),
        person.map(|person| person.person.bytes.as_slice()),
        person.map(|person| person.person.version),
        actor,
    );
    let done = query.with_operation("INSERT", "patient").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("patient_organisation_id_fkey") => Error::denied("your organisation is not in the directory"),
        _ => error.into(),
    })
}

/// Keeps a record's next version; its person too, if this version wrote it.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, record: &Record) -> Result<()> {
    let actor = unit.caller()?.key();
    let person = record.person.as_ref();
    let written = person.filter(|person| person.written == record.version);
    let query = sqlx::query!(
        "WITH p AS (
             UPDATE patient SET state = $3, merged_into = $4, version = $5, data_key = $7, data_key_version = $8
             WHERE organisation_id = $2 AND id = $1 AND version = $5::bigint - 1 RETURNING id
         ), s AS (
             INSERT INTO patient_person (organisation_id, patient_id, version, sealed, key_version)
             SELECT $2, p.id, $5, $9, $10 FROM p WHERE $9::bytea IS NOT NULL
         )
         INSERT INTO patient_version (organisation_id, patient_id, version, state, merged_into, person_version, at, actor)
         SELECT $2, p.id, $5, $3, $4, $6, $11, $12 FROM p",
        record.id.0,
        record.organisation.0,
        record.state.as_str(),
        record.merged_into.map(|into| into.0),
        record.version,
        person.map(|person| person.written),
        person.map(|person| person.patient_key.bytes.as_slice()),
        person.map(|person| person.patient_key.version),
        written.map(|person| person.person.bytes.as_slice()),
        written.map(|person| person.person.version),
        record.update_time,
        actor,
    );
    let done = query.with_operation("UPDATE", "patient").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Gets a record of one organisation; those of others are absent, and so are erased ones.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, organisation: OrganisationId, id: PatientId) -> Result<Record> {
    get_at(unit, organisation, id, None).await
}

/// As [`get`], as it was in `version`.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_at(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    id: PatientId,
    version: Option<i64>,
) -> Result<Record> {
    let found = list(unit, organisation, &[id.0], version).await?.pop();
    found.ok_or_else(|| Error::not_found(id))
}

/// Those of `ids` that one organisation holds and has not erased; as they are, or as they were in `version`.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    ids: &[Uuid],
    version: Option<i64>,
) -> Result<Vec<Record>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.organisation_id, p.create_time, COALESCE(v.at, p.create_time) AS "update_time!",
                  COALESCE(v.state, 'active') AS "state!", v.merged_into AS "merged_into?",
                  COALESCE(v.version, 1) AS "version!", v.person_version AS "person_version?",
                  s.sealed AS "sealed?", s.key_version AS "key_version?", p.data_key, p.data_key_version,
                  k.wrapped AS "wrapped?", k.master_key_version AS "master_key_version?"
           FROM patient p
           LEFT JOIN patient_version v ON v.patient_id = p.id AND v.version = COALESCE($3, p.version)
           LEFT JOIN patient_person s ON s.patient_id = p.id AND s.version = v.person_version
           LEFT JOIN organisation_key k ON k.organisation_id = p.organisation_id
           WHERE p.organisation_id = $1 AND p.id = ANY($2) AND p.state <> 'erased' ORDER BY p.id"#,
        organisation.0,
        ids,
        version,
    );
    let rows = query.with_operation("SELECT", "patient").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Record::try_from).collect()
}

/// Locks records of one organisation, in one order everywhere, and tells them as they are then.
///
/// # Errors
/// NOT_FOUND for the first of `ids` that is absent.
pub async fn lock(unit: &mut Unit<'_>, organisation: OrganisationId, ids: &[PatientId]) -> Result<Vec<Record>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let query = sqlx::query_scalar!(
        "SELECT id FROM patient WHERE organisation_id = $1 AND id = ANY($2) AND state <> 'erased' ORDER BY id FOR UPDATE",
        organisation.0,
        &ids,
    );
    let locked = query.with_operation("SELECT", "patient").fetch_all(unit.sql()).await?;
    if let Some(absent) = ids.iter().find(|id| !locked.contains(id)) {
        return Err(Error::not_found(PatientId(*absent)));
    }
    // By a statement of its own: it sees what whoever held the lock before has committed.
    list(unit, organisation, &ids, None).await
}

/// A record and all that were merged into it, the record first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn family(unit: &mut Unit<'_>, organisation: OrganisationId, id: PatientId) -> Result<Vec<PatientId>> {
    let query = sqlx::query_scalar!(
        r#"WITH RECURSIVE family AS (
               SELECT id, 0 AS depth FROM patient WHERE organisation_id = $1 AND id = $2
               UNION ALL
               SELECT p.id, f.depth + 1 FROM patient p JOIN family f ON p.merged_into = f.id WHERE p.organisation_id = $1
           ) SELECT id AS "id!" FROM family ORDER BY depth, id"#,
        organisation.0,
        id.0,
    );
    let ids = query.with_operation("SELECT", "patient").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Whether something new may be begun for a record of one organisation. Erasure waits until this unit has ended, and this
/// unit for an erasure under way.
///
/// # Errors
/// NOT_FOUND; FAILED_PRECONDITION with the survivor's name when it was merged.
pub async fn ensure_in_use(unit: &mut Unit<'_>, organisation: OrganisationId, id: PatientId) -> Result<()> {
    let query = sqlx::query!(
        "SELECT merged_into FROM patient WHERE organisation_id = $1 AND id = $2 AND state <> 'erased' FOR KEY SHARE",
        organisation.0,
        id.0,
    );
    let row = query.with_operation("SELECT", "patient").fetch_optional(unit.sql()).await?;
    match row.ok_or_else(|| Error::not_found(id))?.merged_into {
        None => Ok(()),
        Some(into) => {
            let rule = format!("{id} has been merged into {}", PatientId(into));
            Err(Error::refused("PATIENT_MERGED", vec![Violation::new("patient-merged", rule)]))
        }
    }
}
