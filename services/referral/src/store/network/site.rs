//! Sites.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database,
    ids::{Child, OrganisationId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::needs_organisation;
use crate::domain::network::Site;

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    display_name: String,
    time_zone: String,
    create_time: DateTime<Utc>,
}

struct Listed {
    id: Uuid,
    organisation_id: Uuid,
    display_name: String,
    time_zone: String,
    create_time: DateTime<Utc>,
    country_code: String,
}

impl TryFrom<Row> for Site {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            name: Child::new(row.organisation_id.into(), row.id.into()),
            display_name: row.display_name,
            time_zone: row.time_zone,
            create_time: row.create_time,
        })
    }
}

/// Enters a site.
///
/// # Errors
/// NOT_FOUND when the organisation is not there.
pub async fn insert_site(unit: &mut database::Unit<'_>, site: &Site) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO site (id, organisation_id, display_name, time_zone, create_time)
         VALUES ($1, $2, $3, $4, $5)",
        site.name.id.0,
        site.name.organisation.0,
        site.display_name,
        site.time_zone,
        site.create_time,
    );
    let done = query.with_operation("INSERT", "site").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| needs_organisation(site.name.organisation, error))
}

/// Finds a site by its id alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_site(unit: &mut database::Unit<'_>, id: SiteId) -> Result<Option<Site>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, display_name, time_zone, create_time FROM site WHERE id = $1",
        id.0,
    );
    let row = query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?;
    row.map(Site::try_from).transpose()
}

/// Whether the organisation of a site has another one.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn has_other_site(unit: &mut database::Unit<'_>, site: Child<SiteId>) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM site WHERE organisation_id = $1 AND id <> $2) AS "other!""#,
        site.organisation.0,
        site.id.0,
    );
    Ok(query.with_operation("SELECT", "site").fetch_one(unit.sql()).await?)
}

/// The zone that the days of an organisation are told by: that of its own first site. One without sites lives by the clocks of the
/// place that it sends to, a site or at least its organisation.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_zone(
    unit: &mut database::Unit<'_>,
    of: OrganisationId,
    (organisation, site): (OrganisationId, Option<SiteId>),
) -> Result<Option<String>> {
    let query = sqlx::query_scalar!(
        "SELECT time_zone FROM site WHERE organisation_id = $1 OR organisation_id = $2
         ORDER BY organisation_id = $1 DESC, COALESCE(id = $3, false) DESC, create_time, id LIMIT 1",
        of.0,
        organisation.0,
        site.map(|site| site.0),
    );
    Ok(query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?)
}

/// Lists an organisation's sites, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_sites(
    unit: &mut database::Unit<'_>,
    organisation: OrganisationId,
    page: &PageRequest,
) -> Result<Vec<Site>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, display_name, time_zone, create_time FROM site
         WHERE organisation_id = $1 AND (create_time, id) < ($2, $3)
         ORDER BY create_time DESC, id DESC LIMIT $4",
        organisation.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Site::try_from).collect()
}

/// Sites of all organisations by id, those after `after`, each with its country: for a snapshot.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all_sites(unit: &mut database::Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<(Site, String)>> {
    let query = sqlx::query_as!(
        Listed,
        "SELECT s.id, s.organisation_id, s.display_name, s.time_zone, s.create_time, o.country_code
         FROM site s JOIN organisation o ON o.id = s.organisation_id WHERE s.id > $1 ORDER BY s.id LIMIT $2",
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    let site = |row| {
        let Listed { id, organisation_id, display_name, time_zone, create_time, country_code } = row;
        let site = Site::try_from(Row { id, organisation_id, display_name, time_zone, create_time })?;
        Ok((site, country_code))
    };
    rows.into_iter().map(site).collect()
}
