//! Registrations of practitioners.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result, database,
    error::broken_constraint,
    ids::{Child, PractitionerId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::needs_organisation;
use crate::domain::network::{Identifier, Practitioner, Registration, RegistrationEnd, RegistrationName};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    practitioner_id: Uuid,
    version: i64,
    system: String,
    value: String,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    end_reason: Option<String>,
    create_time: DateTime<Utc>,
}

impl TryFrom<Row> for Registration {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let practitioner = Child::new(row.organisation_id.into(), row.practitioner_id.into());
        let reason = row.end_reason.map(|reason| RegistrationEnd::stored(&reason)).transpose()?;
        Ok(Self {
            name: RegistrationName { practitioner, id: row.id },
            version: row.version,
            identifier: Identifier { system: row.system, value: row.value },
            start: row.start_date,
            end: row.end_date.zip(reason),
            create_time: row.create_time,
        })
    }
}

/// Enters a registration.
///
/// # Errors
/// NOT_FOUND when the practitioner is not there; ALREADY_EXISTS when it overlaps another of this register, or the number is
/// another practitioner's on some of its days.
pub async fn insert_registration(unit: &mut database::Unit<'_>, entered: &Registration) -> Result<()> {
    let practitioner = entered.name.practitioner;
    let query = sqlx::query!(
        "INSERT INTO practitioner_registration (id, organisation_id, practitioner_id, version, system, value, start_date,
             end_date, end_reason, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        entered.name.id,
        practitioner.organisation.0,
        practitioner.id.0,
        entered.version,
        entered.identifier.system,
        entered.identifier.value,
        entered.start,
        entered.end.map(|(end, _)| end),
        entered.end.map(|(_, reason)| reason.as_str()),
        entered.create_time,
    );
    let done = query.with_operation("INSERT", "practitioner_registration").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some(name) if name.ends_with("_fkey") => Error::not_found(practitioner),
        _ => needs_organisation(practitioner.organisation, error),
    })
}

/// Keeps the end of a registration.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save_registration(unit: &mut database::Unit<'_>, ended: &Registration) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE practitioner_registration SET version = $2, end_date = $3, end_reason = $4
         WHERE id = $1 AND version = $2::bigint - 1",
        ended.name.id,
        ended.version,
        ended.end.map(|(end, _)| end),
        ended.end.map(|(_, reason)| reason.as_str()),
    );
    let done = query.with_operation("UPDATE", "practitioner_registration").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Finds a registration by its id alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_registration(unit: &mut database::Unit<'_>, id: Uuid) -> Result<Option<Registration>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, practitioner_id, version, system, value, start_date, end_date, end_reason, create_time
         FROM practitioner_registration WHERE id = $1",
        id,
    );
    let row = query.with_operation("SELECT", "practitioner_registration").fetch_optional(unit.sql()).await?;
    row.map(Registration::try_from).transpose()
}

/// The registrations of practitioners, each as it was entered.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_registrations(
    unit: &mut database::Unit<'_>,
    of: &[PractitionerId],
) -> Result<HashMap<PractitionerId, Vec<Registration>>> {
    let ids: Vec<Uuid> = of.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, practitioner_id, version, system, value, start_date, end_date, end_reason, create_time
         FROM practitioner_registration WHERE practitioner_id = ANY($1) ORDER BY practitioner_id, create_time, id",
        &ids,
    );
    let rows = query.with_operation("SELECT", "practitioner_registration").fetch_all(unit.sql()).await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let registration = Registration::try_from(row)?;
        found.entry(registration.name.practitioner.id).or_default().push(registration);
    }
    Ok(found)
}

/// Practitioners with their registrations.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub(super) async fn with_registrations(
    unit: &mut database::Unit<'_>,
    mut practitioners: Vec<Practitioner>,
) -> Result<Vec<Practitioner>> {
    let ids: Vec<_> = practitioners.iter().map(|practitioner| practitioner.name.id).collect();
    let mut found = list_registrations(unit, &ids).await?;
    for practitioner in &mut practitioners {
        practitioner.registrations = found.remove(&practitioner.name.id).unwrap_or_default();
    }
    Ok(practitioners)
}
