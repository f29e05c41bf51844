//! Sites.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database,
    ids::{Child, OrganisationId, SiteId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::needs_organisation;
use crate::domain::network::{Access, Site};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    version: i64,
    display_name: String,
    time_zone: String,
    access: Json<Access>,
    create_time: DateTime<Utc>,
}

impl From<Row> for Site {
    fn from(row: Row) -> Self {
        Self {
            name: Child::new(row.organisation_id.into(), row.id.into()),
            version: row.version,
            display_name: row.display_name,
            time_zone: row.time_zone,
            access: row.access.0,
            create_time: row.create_time,
        }
    }
}

/// A site with its country.
struct Listed {
    id: Uuid,
    organisation_id: Uuid,
    version: i64,
    display_name: String,
    time_zone: String,
    access: Json<Access>,
    create_time: DateTime<Utc>,
    country_code: String,
}

/// Enters a site.
///
/// # Errors
/// NOT_FOUND when the organisation is not there.
pub async fn insert_site(unit: &mut database::Unit<'_>, site: &Site) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO site (id, organisation_id, version, display_name, time_zone, access, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        site.name.id.0,
        site.name.organisation.0,
        site.version,
        site.display_name,
        site.time_zone,
        Json(&site.access) as _,
        site.create_time,
    );
    let done = query.with_operation("INSERT", "site").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| needs_organisation(site.name.organisation, error))
}

/// Keeps a changed site, in its next version, and the version before where it is not kept yet.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save_site(unit: &mut database::Unit<'_>, site: &Site) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!(
        "WITH was AS (
             INSERT INTO site_version (site_id, version, display_name, access, at)
             SELECT id, version, display_name, access, create_time FROM site WHERE id = $1 AND version = $2::bigint - 1
             ON CONFLICT DO NOTHING
         ), changed AS (
             UPDATE site SET version = $2, display_name = $3, access = $4 WHERE id = $1 AND version = $2::bigint - 1
             RETURNING id, version, display_name, access
         )
         INSERT INTO site_version (site_id, version, display_name, access, at)
         SELECT c.id, c.version, c.display_name, c.access, $5 FROM changed c",
        site.name.id.0,
        site.version,
        site.display_name,
        Json(&site.access) as _,
        now,
    );
    let done = query.with_operation("UPDATE", "site").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Finds a site by its id alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_site(unit: &mut database::Unit<'_>, id: SiteId) -> Result<Option<Site>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, organisation_id, version, display_name, time_zone, access AS "access: Json<Access>", create_time
           FROM site WHERE id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?;
    Ok(row.map(Site::from))
}

/// Finds a site as it was in a version. One that never changed stands in its own row alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_site_at(unit: &mut database::Unit<'_>, id: SiteId, version: i64) -> Result<Option<Site>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT s.id, s.organisation_id, $2::bigint AS "version!", COALESCE(v.display_name, s.display_name) AS "display_name!",
                  s.time_zone, COALESCE(v.access, s.access) AS "access!: Json<Access>", s.create_time
           FROM site s LEFT JOIN site_version v ON v.site_id = s.id AND v.version = $2 WHERE s.id = $1"#,
        id.0,
        version,
    );
    let row = query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?;
    Ok(row.map(Site::from))
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
        r#"SELECT id, organisation_id, version, display_name, time_zone, access AS "access: Json<Access>", create_time
           FROM site WHERE organisation_id = $1 AND (create_time, id) < ($2, $3)
           ORDER BY create_time DESC, id DESC LIMIT $4"#,
        organisation.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Site::from).collect())
}

/// Sites of all organisations by id, those after `after`, each with its country: for a snapshot.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all_sites(unit: &mut database::Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<(Site, String)>> {
    let query = sqlx::query_as!(
        Listed,
        r#"SELECT s.id, s.organisation_id, s.version, s.display_name, s.time_zone, s.access AS "access: Json<Access>",
                  s.create_time, o.country_code
           FROM site s JOIN organisation o ON o.id = s.organisation_id WHERE s.id > $1 ORDER BY s.id LIMIT $2"#,
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    let site = |row| {
        let Listed { id, organisation_id, version, display_name, time_zone, access, create_time, country_code } = row;
        (Row { id, organisation_id, version, display_name, time_zone, access, create_time }.into(), country_code)
    };
    Ok(rows.into_iter().map(site).collect())
}
