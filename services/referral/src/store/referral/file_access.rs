//! Files opened by those who are no party.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::broken_constraint,
    ids::{FileAccessId, ReferralId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{FileAccess, OpenReason, OpenedFile, Party};

/// How often the caller has opened, or tried to open, a file since `since`. Others of the same caller wait for this unit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_since(unit: &mut Unit<'_>, since: DateTime<Utc>) -> Result<i64> {
    let caller = unit.caller()?.key();
    let query = sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.file_access.' || $1, 0))",
        caller,
    );
    query.with_operation("SELECT", "pg_advisory_xact_lock").execute(unit.sql()).await?;
    let query = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM file_access WHERE caller = $1 AND create_time > $2"#,
        caller,
        since,
    );
    Ok(query.with_operation("SELECT", "file_access").fetch_one(unit.sql()).await?)
}

/// Finds the file of a referral by name or number, whoever its parties are.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_file(
    unit: &mut Unit<'_>,
    id: Option<ReferralId>,
    number: Option<&str>,
) -> Result<Option<OpenedFile>> {
    let query = sqlx::query!(
        r#"SELECT r.id, r.number, r.patient_id, parties_of(r.id) AS "parties!: Json<Vec<Party>>"
           FROM referral r WHERE r.id = $1 OR r.number = $2"#,
        id.map(|id| id.0),
        number,
    );
    let row = query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    Ok(row.map(|row| OpenedFile {
        referral: row.id.into(),
        number: row.number,
        patient: row.patient_id.into(),
        parties: row.parties.0,
    }))
}

/// Keeps an access, or the try of one: with whose file it was.
///
/// # Errors
/// PERMISSION_DENIED when the caller's organisation is not in the directory.
pub async fn insert_access(unit: &mut Unit<'_>, access: &FileAccess, owner: Option<&Party>) -> Result<()> {
    // What was said stands apart, where it can be erased; of what is not there nobody could read it.
    let query = sqlx::query!(
        "WITH a AS (
             INSERT INTO file_access (id, referral_id, caller, organisation_id, reason, create_time, expire_time, owner_id,
                 owner_unit_id)
             VALUES ($1, $2, $3, $4, $5, $7, $8, $9, $10) RETURNING id, referral_id, owner_id
         )
         INSERT INTO file_words (access_id, kind, referral_id, organisation_id, words)
         SELECT a.id, 'statement', a.referral_id, a.owner_id, $6 FROM a WHERE a.referral_id IS NOT NULL",
        access.id.0,
        access.referral.map(|referral| referral.0),
        access.caller,
        access.organisation.0,
        access.reason.as_str(),
        access.statement,
        access.create_time,
        access.expire_time,
        owner.map(|owner| owner.organisation.0),
        owner.and_then(|owner| owner.unit).map(|unit| unit.0),
    );
    let done = query.with_operation("INSERT", "file_access").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("file_access_organisation_id_fkey") => Error::denied("your organisation is not in the directory"),
        _ => error.into(),
    })
}

struct Row {
    id: Uuid,
    referral_id: Option<Uuid>,
    caller: String,
    organisation_id: Uuid,
    reason: String,
    statement: Option<String>,
    create_time: DateTime<Utc>,
    expire_time: DateTime<Utc>,
}

impl TryFrom<Row> for FileAccess {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            referral: row.referral_id.map(Into::into),
            caller: row.caller,
            organisation: row.organisation_id.into(),
            reason: OpenReason::stored(&row.reason)?,
            statement: row.statement.unwrap_or_default(),
            create_time: row.create_time,
            expire_time: row.expire_time,
        })
    }
}

/// Finds an access of the caller's, without what was said of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_access(unit: &mut Unit<'_>, id: FileAccessId) -> Result<Option<FileAccess>> {
    let caller = unit.caller()?.key();
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, referral_id, caller, organisation_id, reason, NULL AS "statement?", create_time, expire_time
           FROM file_access WHERE id = $1 AND caller = $2"#,
        id.0,
        caller,
    );
    let row = query.with_operation("SELECT", "file_access").fetch_optional(unit.sql()).await?;
    row.map(FileAccess::try_from).transpose()
}

/// Finds the access by which the caller sees a referral now, the last to end, without what was said of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_live(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<FileAccess>> {
    let (caller, now) = (unit.caller()?.key(), unit.now());
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, referral_id, caller, organisation_id, reason, NULL AS "statement?", create_time, expire_time
           FROM file_access
           WHERE referral_id = $1 AND caller = $2 AND expire_time > $3 ORDER BY expire_time DESC LIMIT 1"#,
        referral.0,
        caller,
        now,
    );
    let row = query.with_operation("SELECT", "file_access").fetch_optional(unit.sql()).await?;
    row.map(FileAccess::try_from).transpose()
}

/// The accesses to some referrals that the caller's organisation sent, the oldest first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_accesses_to(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<FileAccess>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT f.id, f.referral_id, f.caller, f.organisation_id, f.reason, w.words AS "statement?", f.create_time,
                  f.expire_time
           FROM file_access f LEFT JOIN file_words w ON w.access_id = f.id AND w.kind = 'statement'
           WHERE f.referral_id = ANY($1) ORDER BY f.create_time, f.id"#,
        referrals,
    );
    let rows = query.with_operation("SELECT", "file_access").fetch_all(unit.sql()).await?;
    rows.into_iter().map(FileAccess::try_from).collect()
}
