//! Organisations and their identifiers.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result, calls::PageRequest, database::Unit, error::broken_constraint, ids::OrganisationId,
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::taken;
use crate::domain::network::{Contact, Identifier, Organisation};

/// Enters an organisation.
///
/// # Errors
/// ALREADY_EXISTS when one of its identifiers names another organisation.
pub async fn insert_organisation(unit: &mut Unit<'_>, organisation: &Organisation) -> Result<()> {
    let (systems, values): (Vec<String>, Vec<String>) =
        organisation.identifiers.iter().map(|i| (i.system.clone(), i.value.clone())).unzip();
    sqlx::query!(
        "WITH o AS (
             INSERT INTO organisation (id, display_name, country_code, create_time) VALUES ($1, $2, $3, $4) RETURNING id
         )
         INSERT INTO organisation_identifier (organisation_id, system, value, position)
         SELECT o.id, i.system, i.value, i.position
         FROM o, unnest($5::text[], $6::text[]) WITH ORDINALITY AS i(system, value, position)",
        organisation.id.0,
        organisation.display_name,
        organisation.country_code,
        organisation.create_time,
        &systems,
        &values,
    )
    .with_operation("INSERT", "organisation")
    .execute(unit.sql())
    .await
    .map_err(|error| match broken_constraint(&error) {
        Some("organisation_identifier_pkey") => taken("an identifier names another organisation already"),
        _ => error.into(),
    })?;
    Ok(())
}

struct Row {
    id: Uuid,
    display_name: String,
    country_code: String,
    create_time: DateTime<Utc>,
    identifiers: Option<Json<Vec<Identifier>>>,
    contact: Option<Json<Contact>>,
}

impl From<Row> for Organisation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            display_name: row.display_name,
            country_code: row.country_code,
            identifiers: row.identifiers.map(|json| json.0).unwrap_or_default(),
            create_time: row.create_time,
            contact: row.contact.map(|json| json.0).filter(|contact| !contact.is_empty()),
        }
    }
}

/// Gets an organisation.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_organisation(unit: &mut Unit<'_>, id: OrganisationId) -> Result<Organisation> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT o.id, o.display_name, o.country_code, o.create_time, i.list AS "identifiers: Json<Vec<Identifier>>",
                  (SELECT jsonb_build_object('email', c.email, 'phone', c.phone, 'language', c.language)
                   FROM contact c WHERE c.mailbox_id = o.id ORDER BY c.version DESC LIMIT 1)
                      AS "contact: Json<Contact>"
           FROM organisation o LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object('system', system, 'value', value) ORDER BY position) AS list
               FROM organisation_identifier WHERE organisation_id = o.id) i ON true
           WHERE o.id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "organisation").fetch_optional(unit.sql()).await?;
    row.map(Organisation::from).ok_or_else(|| Error::not_found(id))
}

/// Lists organisations, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_organisations(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Organisation>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT o.id, o.display_name, o.country_code, o.create_time, i.list AS "identifiers: Json<Vec<Identifier>>",
                  (SELECT jsonb_build_object('email', c.email, 'phone', c.phone, 'language', c.language)
                   FROM contact c WHERE c.mailbox_id = o.id ORDER BY c.version DESC LIMIT 1)
                      AS "contact: Json<Contact>"
           FROM organisation o LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object('system', system, 'value', value) ORDER BY position) AS list
               FROM organisation_identifier WHERE organisation_id = o.id) i ON true
           WHERE (o.create_time, o.id) < ($1, $2)
           ORDER BY o.create_time DESC, o.id DESC LIMIT $3"#,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "organisation").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}
