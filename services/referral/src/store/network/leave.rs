//! Leaves, and who stands in for units.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    error::{Violation, broken_constraint},
    ids::{Child, OrganisationId, PractitionerId, UnitId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::network::{Leave, LeaveName, NOT_ANOTHER, UnitSubstitute};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    practitioner_id: Uuid,
    version: i64,
    start_date: NaiveDate,
    end_date: NaiveDate,
    substitute_id: Option<Uuid>,
    create_time: DateTime<Utc>,
}

impl From<Row> for Leave {
    fn from(row: Row) -> Self {
        let practitioner = Child::new(row.organisation_id.into(), row.practitioner_id.into());
        Self {
            name: LeaveName { practitioner, id: row.id },
            version: row.version,
            start: row.start_date,
            end: row.end_date,
            substitute: row.substitute_id.map(Into::into),
            create_time: row.create_time,
        }
    }
}

/// Enters a leave.
///
/// # Errors
/// INVALID_ARGUMENT when the substitute is not the organisation's; FAILED_PRECONDITION when another leave lies on one of its days.
pub async fn insert_leave(unit: &mut Unit<'_>, leave: &Leave) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO leave (id, organisation_id, practitioner_id, version, start_date, end_date, substitute_id, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        leave.name.id,
        leave.name.practitioner.organisation.0,
        leave.name.practitioner.id.0,
        leave.version,
        leave.start,
        leave.end,
        leave.substitute.map(|id| id.0),
        leave.create_time,
    );
    let done = query.with_operation("INSERT", "leave").execute(unit.sql()).await;
    done.map_err(|error| match broken_constraint(&error) {
        Some("leave_substitute") => Error::invalid(vec![Violation::new("leave.substitute", NOT_ANOTHER)]),
        Some("leave_overlap") => {
            let rule = "another leave of the practitioner lies on one of these days";
            Error::refused("LEAVES_OVERLAP", vec![Violation::new("leave-overlap", rule)])
        }
        _ => error.into(),
    })?;
    insert_version(unit, leave).await
}

/// Keeps a leave's next version: its end alone changes.
///
/// # Errors
/// ABORTED when somebody else was faster.
pub async fn save_leave(unit: &mut Unit<'_>, leave: &Leave) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE leave SET version = $2, end_date = $3 WHERE id = $1 AND version + 1 = $2",
        leave.name.id,
        leave.version,
        leave.end,
    );
    let done = query.with_operation("UPDATE", "leave").execute(unit.sql()).await?;
    if done.rows_affected() != 1 {
        return Err(Error::contention(anyhow::anyhow!("the leave's version is taken")));
    }
    insert_version(unit, leave).await
}

async fn insert_version(unit: &mut Unit<'_>, leave: &Leave) -> Result<()> {
    let (now, actor) = (unit.now(), unit.caller()?.key());
    let query = sqlx::query!(
        "INSERT INTO leave_version (leave_id, version, organisation_id, end_date, at, actor) VALUES ($1, $2, $3, $4, $5, $6)",
        leave.name.id,
        leave.version,
        leave.name.practitioner.organisation.0,
        leave.end,
        now,
        actor,
    );
    query.with_operation("INSERT", "leave_version").execute(unit.sql()).await?;
    Ok(())
}

/// Finds a leave within the caller's organisation, in a version or as it is now; others are absent.
///
/// # Errors
/// PERMISSION_DENIED when the token names no organisation.
pub async fn find_leave(unit: &mut Unit<'_>, id: Uuid, version: Option<i64>) -> Result<Option<Leave>> {
    let own = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT l.id, l.organisation_id, l.practitioner_id, v.version, l.start_date, v.end_date, l.substitute_id, l.create_time
         FROM leave l JOIN leave_version v ON v.leave_id = l.id AND v.version = COALESCE($3::bigint, l.version)
         WHERE l.id = $1 AND l.organisation_id = $2",
        id,
        own.0,
        version,
    );
    let row = query.with_operation("SELECT", "leave").fetch_optional(unit.sql()).await?;
    Ok(row.map(Leave::from))
}

/// A page of a practitioner's leaves, the most recently entered first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_leaves(
    unit: &mut Unit<'_>,
    practitioner: Child<PractitionerId>,
    page: &PageRequest,
) -> Result<Vec<Leave>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, practitioner_id, version, start_date, end_date, substitute_id, create_time FROM leave
         WHERE organisation_id = $1 AND practitioner_id = $2 AND (create_time, id) < ($3, $4)
         ORDER BY create_time DESC, id DESC LIMIT $5",
        practitioner.organisation.0,
        practitioner.id.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "leave").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Leave::from).collect())
}

/// All leaves within an organisation that keep somebody away on a day.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn leaves_on(unit: &mut Unit<'_>, of: OrganisationId, day: NaiveDate) -> Result<Vec<Leave>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, practitioner_id, version, start_date, end_date, substitute_id, create_time FROM leave
         WHERE organisation_id = $1 AND start_date <= $2 AND $2 < end_date ORDER BY id",
        of.0,
        day,
    );
    let rows = query.with_operation("SELECT", "leave").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Leave::from).collect())
}

struct SubstituteRow {
    organisation_id: Uuid,
    unit_id: Uuid,
    version: i64,
    substitute_id: Option<Uuid>,
    at: DateTime<Utc>,
}

impl From<SubstituteRow> for UnitSubstitute {
    fn from(row: SubstituteRow) -> Self {
        Self {
            unit: Child::new(row.organisation_id.into(), row.unit_id.into()),
            version: row.version,
            substitute: row.substitute_id.map(Into::into),
            create_time: row.at,
        }
    }
}

/// Names who stands in for a unit from now on. The unit's lock puts those who name somebody at once in an order.
///
/// # Errors
/// NOT_FOUND when the unit is not there; INVALID_ARGUMENT when the substitute is not the organisation's.
pub async fn set_substitute(
    unit: &mut Unit<'_>,
    of: Child<UnitId>,
    substitute: Option<PractitionerId>,
) -> Result<UnitSubstitute> {
    let (now, actor) = (unit.now(), unit.caller()?.key());
    let lock = sqlx::query_scalar!(
        "SELECT id FROM unit WHERE id = $1 AND organisation_id = $2 FOR NO KEY UPDATE",
        of.id.0,
        of.organisation.0,
    );
    let locked = lock.with_operation("SELECT", "unit").fetch_optional(unit.sql()).await?;
    locked.ok_or_else(|| Error::not_found(of))?;
    let query = sqlx::query_as!(
        SubstituteRow,
        "INSERT INTO unit_substitute (unit_id, version, organisation_id, substitute_id, at, actor)
         SELECT $1, COALESCE(max(version), 0) + 1, $2, $3::uuid, $4, $5 FROM unit_substitute WHERE unit_id = $1
         RETURNING organisation_id, unit_id, version, substitute_id, at",
        of.id.0,
        of.organisation.0,
        substitute.map(|id| id.0),
        now,
        actor,
    );
    let row = query.with_operation("INSERT", "unit_substitute").fetch_one(unit.sql()).await;
    row.map(UnitSubstitute::from).map_err(|error| match broken_constraint(&error) {
        Some("unit_substitute_practitioner") => Error::invalid(vec![Violation::new("substitute", NOT_ANOTHER)]),
        _ => error.into(),
    })
}

/// Who stands in for a unit, in a version or now; none when nobody was ever named.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_substitute(unit: &mut Unit<'_>, of: UnitId, version: Option<i64>) -> Result<Option<UnitSubstitute>> {
    let query = sqlx::query_as!(
        SubstituteRow,
        "SELECT organisation_id, unit_id, version, substitute_id, at FROM unit_substitute
         WHERE unit_id = $1 AND ($2::bigint IS NULL OR version = $2) ORDER BY version DESC LIMIT 1",
        of.0,
        version,
    );
    let row = query.with_operation("SELECT", "unit_substitute").fetch_optional(unit.sql()).await?;
    Ok(row.map(UnitSubstitute::from))
}
