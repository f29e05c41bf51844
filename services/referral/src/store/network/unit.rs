//! Units.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database,
    ids::{Child, OrganisationId, UnitId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::needs_organisation;
use crate::domain::network::{Contact, Unit, UnitKind};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    display_name: String,
    kind: String,
    create_time: DateTime<Utc>,
    contact: Option<Json<Contact>>,
}

impl TryFrom<Row> for Unit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            name: Child::new(row.organisation_id.into(), row.id.into()),
            display_name: row.display_name,
            kind: UnitKind::stored(&row.kind)?,
            create_time: row.create_time,
            contact: row.contact.map(|json| json.0).filter(|contact| !contact.is_empty()),
        })
    }
}

/// Enters a unit.
///
/// # Errors
/// NOT_FOUND when the organisation is not there.
pub async fn insert_unit(unit: &mut database::Unit<'_>, entered: &Unit) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO unit (id, organisation_id, display_name, kind, create_time)
         VALUES ($1, $2, $3, $4, $5)",
        entered.name.id.0,
        entered.name.organisation.0,
        entered.display_name,
        entered.kind.as_str(),
        entered.create_time,
    );
    let done = query.with_operation("INSERT", "unit").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| needs_organisation(entered.name.organisation, error))
}

/// Finds a unit by its id alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_unit(unit: &mut database::Unit<'_>, id: UnitId) -> Result<Option<Unit>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, organisation_id, display_name, kind, create_time,
                  (SELECT jsonb_build_object('email', c.email, 'phone', c.phone, 'language', c.language)
                   FROM contact c WHERE c.mailbox_id = unit.id ORDER BY c.version DESC LIMIT 1)
                      AS "contact: Json<Contact>"
           FROM unit WHERE id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "unit").fetch_optional(unit.sql()).await?;
    row.map(Unit::try_from).transpose()
}

/// Lists an organisation's units, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_units(
    unit: &mut database::Unit<'_>,
    organisation: OrganisationId,
    page: &PageRequest,
) -> Result<Vec<Unit>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, organisation_id, display_name, kind, create_time,
                  (SELECT jsonb_build_object('email', c.email, 'phone', c.phone, 'language', c.language)
                   FROM contact c WHERE c.mailbox_id = unit.id ORDER BY c.version DESC LIMIT 1)
                      AS "contact: Json<Contact>"
           FROM unit
           WHERE organisation_id = $1 AND (create_time, id) < ($2, $3)
           ORDER BY create_time DESC, id DESC LIMIT $4"#,
        organisation.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "unit").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Unit::try_from).collect()
}
