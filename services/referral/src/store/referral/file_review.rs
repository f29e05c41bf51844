//! Accesses to files as whoever holds the patient's record sees them, with their reviews.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::{PageRequest, Position},
    database::Unit,
    ids::FileAccessId,
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{FileAccess, FileReview, HeldAccess, OpenReason, Verdict};

struct Row {
    id: Uuid,
    referral_id: Option<Uuid>,
    caller: String,
    organisation_id: Uuid,
    reason: String,
    statement: Option<String>,
    create_time: DateTime<Utc>,
    expire_time: DateTime<Utc>,
    verdict: Option<String>,
    note: Option<String>,
    reviewer: Option<String>,
    review_time: Option<DateTime<Utc>>,
    place: DateTime<Utc>,
}

impl TryFrom<Row> for HeldAccess {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let review = match (row.verdict, row.reviewer, row.review_time) {
            (Some(verdict), Some(reviewer), Some(create_time)) => {
                let (verdict, note) = (Verdict::stored(&verdict)?, row.note.unwrap_or_default());
                Some(FileReview { verdict, note, reviewer, create_time })
            }
            _ => None,
        };
        let access = FileAccess {
            id: row.id.into(),
            referral: row.referral_id.map(Into::into),
            caller: row.caller,
            organisation: row.organisation_id.into(),
            reason: OpenReason::stored(&row.reason)?,
            statement: row.statement.unwrap_or_default(),
            create_time: row.create_time,
            expire_time: row.expire_time,
        };
        Ok(Self { access, review })
    }
}

/// Accesses to files of the caller's organisation, those without a review first, then the most recent first; each with its
/// place in the list. Whatever was reviewed stands a thousand years back.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_held(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<(HeldAccess, Position)>> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, held.referral_id, caller, held.organisation_id, reason, s.words AS "statement?", create_time,
                  expire_time, verdict AS "verdict?", n.words AS "note?", reviewer AS "reviewer?",
                  review_time AS "review_time?", place AS "place!"
           FROM (SELECT f.*, v.verdict, v.reviewer, v.create_time AS review_time,
                        CASE WHEN v.access_id IS NULL THEN f.create_time
                             ELSE f.create_time - interval '8766000 hours' END AS place
                 FROM file_access f LEFT JOIN file_review v ON v.access_id = f.id) held
           LEFT JOIN file_words s ON s.access_id = held.id AND s.kind = 'statement'
           LEFT JOIN file_words n ON n.access_id = held.id AND n.kind = 'note'
           WHERE owner_id = $1 AND ($2::uuid IS NULL OR owner_unit_id IS NULL OR owner_unit_id = $2)
             AND (place, id) < ($3, $4)
           ORDER BY place DESC, id DESC LIMIT $5"#,
        organisation,
        desk,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "file_access").fetch_all(unit.sql()).await?;
    let held = |row: Row| {
        let place = Position { time: row.place, id: row.id };
        HeldAccess::try_from(row).map(|access| (access, place))
    };
    rows.into_iter().map(held).collect()
}

/// Gets an access to a file of the caller's organisation; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_held(unit: &mut Unit<'_>, id: FileAccessId) -> Result<HeldAccess> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        r#"SELECT f.id, f.referral_id, f.caller, f.organisation_id, f.reason, s.words AS "statement?", f.create_time,
                  f.expire_time, v.verdict AS "verdict?", n.words AS "note?", v.reviewer AS "reviewer?",
                  v.create_time AS "review_time?", f.create_time AS place
           FROM file_access f LEFT JOIN file_review v ON v.access_id = f.id
           LEFT JOIN file_words s ON s.access_id = f.id AND s.kind = 'statement'
           LEFT JOIN file_words n ON n.access_id = f.id AND n.kind = 'note'
           WHERE f.id = $1 AND f.owner_id = $2 AND ($3::uuid IS NULL OR f.owner_unit_id IS NULL OR f.owner_unit_id = $3)"#,
        id.0,
        organisation,
        desk,
    );
    let row = query.with_operation("SELECT", "file_access").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// Keeps a review.
///
/// # Errors
/// CONTENTION when somebody else reviewed it since it was read: the unit decides again.
pub async fn insert_review(unit: &mut Unit<'_>, id: FileAccessId, review: &FileReview) -> Result<()> {
    let (organisation, _) = own(unit)?;
    let query = sqlx::query!(
        "WITH v AS (
             INSERT INTO file_review (access_id, organisation_id, reviewer, verdict, create_time)
             VALUES ($1, $2, $3, $4, $6) ON CONFLICT (access_id) DO NOTHING RETURNING access_id
         )
         INSERT INTO file_words (access_id, kind, referral_id, organisation_id, words)
         SELECT f.id, 'note', f.referral_id, $2, $5 FROM v JOIN file_access f ON f.id = v.access_id",
        id.0,
        organisation,
        review.reviewer,
        review.verdict.as_str(),
        review.note,
        review.create_time,
    );
    let done = query.with_operation("INSERT", "file_review").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else reviewed it")) }
}

fn own(unit: &Unit<'_>) -> Result<(Uuid, Option<Uuid>)> {
    let caller = unit.caller()?;
    Ok((caller.acting_organisation()?.0, caller.unit.map(|unit| unit.0)))
}
