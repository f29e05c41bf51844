//! Closures of sites.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    ids::{Child, ClosureId, OrganisationId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::opening::Closure;

struct Row {
    id: Uuid,
    site_id: Uuid,
    organisation_id: Uuid,
    start_date: NaiveDate,
    end_date: NaiveDate,
    note: String,
    create_time: DateTime<Utc>,
    lift_time: Option<DateTime<Utc>>,
}

impl From<Row> for Closure {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            site: Child::new(OrganisationId(row.organisation_id), row.site_id.into()),
            start_date: row.start_date,
            end_date: row.end_date,
            note: row.note,
            create_time: row.create_time,
            lift_time: row.lift_time,
        }
    }
}

/// Keeps a new closure.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, closure: &Closure) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO closure (id, site_id, start_date, end_date, note, create_time) VALUES ($1, $2, $3, $4, $5, $6)",
        closure.id.0,
        closure.site.id.0,
        closure.start_date,
        closure.end_date,
        closure.note,
        closure.create_time,
    );
    query.with_operation("INSERT", "closure").execute(unit.sql()).await?;
    Ok(())
}

/// Lifts a closure that stands.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn lift(unit: &mut Unit<'_>, closure: &Closure) -> Result<()> {
    let query = sqlx::query!("UPDATE closure SET lift_time = $2 WHERE id = $1", closure.id.0, closure.lift_time);
    query.with_operation("UPDATE", "closure").execute(unit.sql()).await?;
    Ok(())
}

/// Gets a closure of a site of the caller's organisation.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_own(unit: &mut Unit<'_>, id: ClosureId) -> Result<Closure> {
    let own = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT c.id, c.site_id, s.organisation_id, c.start_date, c.end_date, c.note, c.create_time, c.lift_time
         FROM closure c JOIN site s ON s.id = c.site_id WHERE c.id = $1 AND s.organisation_id = $2",
        id.0,
        own.0,
    );
    let row = query.with_operation("SELECT", "closure").fetch_optional(unit.sql()).await?;
    row.map(Closure::from).ok_or_else(|| Error::not_found(id))
}

/// Lists the closures of a site, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, site: SiteId, page: &PageRequest) -> Result<Vec<Closure>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT c.id, c.site_id, s.organisation_id, c.start_date, c.end_date, c.note, c.create_time, c.lift_time
         FROM closure c JOIN site s ON s.id = c.site_id WHERE c.site_id = $1 AND (c.create_time, c.id) < ($2, $3)
         ORDER BY c.create_time DESC, c.id DESC LIMIT $4",
        site.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "closure").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Closure::from).collect())
}

/// Lists the closures of a site that stand and touch these days.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_between(
    unit: &mut Unit<'_>,
    site: SiteId,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<Closure>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT c.id, c.site_id, s.organisation_id, c.start_date, c.end_date, c.note, c.create_time, c.lift_time
         FROM closure c JOIN site s ON s.id = c.site_id
         WHERE c.site_id = $1 AND c.lift_time IS NULL AND c.start_date <= $3 AND c.end_date >= $2",
        site.0,
        from,
        until,
    );
    let rows = query.with_operation("SELECT", "closure").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Closure::from).collect())
}
