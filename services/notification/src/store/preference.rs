//! What mailboxes want by mail: a row for each time they said so.

use std::collections::HashMap;

use relais_platform::{Error, Result, database::Unit, error::broken_constraint};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{key, mailbox};
use crate::domain::{Class, Language, Mailbox, Preferences, QuietHours};

struct Row {
    organisation_id: Uuid,
    unit_id: Uuid,
    version: i64,
    email_classes: Vec<String>,
    language: Option<String>,
    time_zone: String,
    quiet_start: Option<i16>,
    quiet_end: Option<i16>,
    digest_minute: Option<i16>,
}

impl TryFrom<Row> for Preferences {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let minute = |minute: i16| u16::try_from(minute).map_err(Error::internal);
        let quiet = match (row.quiet_start, row.quiet_end) {
            (Some(start), Some(end)) => Some(QuietHours { start: minute(start)?, end: minute(end)? }),
            _ => None,
        };
        Ok(Self {
            version: row.version,
            email: row.email_classes.iter().map(|class| Class::stored(class)).collect::<Result<_>>()?,
            language: row.language.as_deref().map(Language::stored).transpose()?,
            zone: row.time_zone.parse().map_err(|_| Error::internal(anyhow::anyhow!("no zone: {}", row.time_zone)))?,
            quiet,
            digest: row.digest_minute.map(minute).transpose()?,
        })
    }
}

/// What these mailboxes want now; those that never said so are left out.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn of(unit: &mut Unit<'_>, mailboxes: &[Mailbox]) -> Result<HashMap<Mailbox, Preferences>> {
    let (organisations, desks): (Vec<_>, Vec<_>) = mailboxes.iter().copied().map(key).unzip();
    let query = sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (organisation_id, unit_id) organisation_id, unit_id, version, email_classes, language, time_zone,
                quiet_start, quiet_end, digest_minute
         FROM mail_preference JOIN unnest($1::uuid[], $2::uuid[]) AS m(organisation_id, unit_id)
             USING (organisation_id, unit_id)
         ORDER BY organisation_id, unit_id, version DESC",
        &organisations,
        &desks,
    );
    let rows = query.with_operation("SELECT", "mail_preference").fetch_all(unit.sql()).await?;
    let wanted = |row: Row| Ok((mailbox(row.organisation_id, row.unit_id), row.try_into()?));
    rows.into_iter().map(wanted).collect()
}

/// What a mailbox wants now.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn get(unit: &mut Unit<'_>, mailbox: Mailbox) -> Result<Preferences> {
    Ok(of(unit, &[mailbox]).await?.remove(&mailbox).unwrap_or_default())
}

/// What a mailbox said under this id.
///
/// # Errors
/// NOT_FOUND.
pub async fn recall(unit: &mut Unit<'_>, id: Uuid) -> Result<Preferences> {
    let query = sqlx::query_as!(
        Row,
        "SELECT organisation_id, unit_id, version, email_classes, language, time_zone, quiet_start, quiet_end, digest_minute
         FROM mail_preference WHERE id = $1",
        id,
    );
    let row = query.with_operation("SELECT", "mail_preference").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found("preferences"))?.try_into()
}

/// Keeps what a mailbox wants, under the next version.
///
/// # Errors
/// Contention when somebody else said so at the same time.
pub async fn insert(unit: &mut Unit<'_>, id: Uuid, mailbox: Mailbox, said: &Preferences) -> Result<()> {
    let (organisation, desk) = key(mailbox);
    let now = unit.now();
    // A minute of a day is below 1440.
    let minute = |minute: u16| minute.cast_signed();
    let classes: Vec<_> = said.email.iter().map(|class| class.as_str().to_string()).collect();
    let query = sqlx::query!(
        "INSERT INTO mail_preference (id, organisation_id, unit_id, version, email_classes, language, time_zone, quiet_start,
             quiet_end, digest_minute, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id,
        organisation,
        desk,
        said.version,
        &classes,
        said.language.map(Language::as_str),
        said.zone.name(),
        said.quiet.map(|quiet| minute(quiet.start)),
        said.quiet.map(|quiet| minute(quiet.end)),
        said.digest.map(minute),
        now,
    );
    let done = query.with_operation("INSERT", "mail_preference").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("mail_preference_organisation_id_unit_id_version_key") => Error::contention(error),
        _ => error.into(),
    })
}
