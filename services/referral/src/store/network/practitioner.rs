//! Practitioners.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database,
    ids::{Child, OrganisationId, PractitionerId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{needs_organisation, registration::with_registrations};
use crate::domain::network::{Identifier, Practitioner};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    display_name: String,
    registration_system: String,
    registration_value: String,
    create_time: DateTime<Utc>,
}

impl TryFrom<Row> for Practitioner {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            name: Child::new(row.organisation_id.into(), row.id.into()),
            display_name: row.display_name,
            registration: Identifier { system: row.registration_system, value: row.registration_value },
            create_time: row.create_time,
            registrations: Vec::new(),
        })
    }
}

/// Enters a practitioner with the registration of that number, which has the practitioner's id.
///
/// # Errors
/// NOT_FOUND when the organisation is not there; ALREADY_EXISTS when the number is another practitioner's.
pub async fn insert_practitioner(unit: &mut database::Unit<'_>, practitioner: &Practitioner) -> Result<()> {
    let query = sqlx::query!(
        "WITH p AS (
             INSERT INTO practitioner (id, organisation_id, display_name, registration_system, registration_value, create_time)
             VALUES ($1, $2, $3, $4, $5, $6)
         )
         INSERT INTO practitioner_registration (id, organisation_id, practitioner_id, version, system, value, create_time)
         VALUES ($1, $2, $1, 1, $4, $5, $6)",
        practitioner.name.id.0,
        practitioner.name.organisation.0,
        practitioner.display_name,
        practitioner.registration.system,
        practitioner.registration.value,
        practitioner.create_time,
    );
    let done = query.with_operation("INSERT", "practitioner").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| needs_organisation(practitioner.name.organisation, error))
}

/// Finds a practitioner by its id alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_practitioner(unit: &mut database::Unit<'_>, id: PractitionerId) -> Result<Option<Practitioner>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, display_name, registration_system, registration_value, create_time FROM practitioner WHERE id = $1",
        id.0,
    );
    let row = query.with_operation("SELECT", "practitioner").fetch_optional(unit.sql()).await?;
    let found: Vec<_> = row.map(Practitioner::try_from).transpose()?.into_iter().collect();
    Ok(with_registrations(unit, found).await?.pop())
}

/// Lists an organisation's practitioners, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_practitioners(
    unit: &mut database::Unit<'_>,
    organisation: OrganisationId,
    page: &PageRequest,
) -> Result<Vec<Practitioner>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, display_name, registration_system, registration_value, create_time FROM practitioner
         WHERE organisation_id = $1 AND (create_time, id) < ($2, $3)
         ORDER BY create_time DESC, id DESC LIMIT $4",
        organisation.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "practitioner").fetch_all(unit.sql()).await?;
    let found = rows.into_iter().map(Practitioner::try_from).collect::<Result<Vec<_>>>()?;
    with_registrations(unit, found).await
}
