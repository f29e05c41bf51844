//! Where organisations and units are written to: the highest version counts.

use relais_platform::{Error, Result, database, error::broken_constraint};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{
    language::Language,
    network::{Contact, Mailbox},
};

struct Row {
    email: String,
    phone: String,
    language: String,
    version: i64,
}

impl TryFrom<Row> for (Contact, i64) {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let language = Language::stored(&row.language)?;
        Ok((Contact { email: row.email, phone: row.phone, language }, row.version))
    }
}

/// Keeps a contact as the mailbox's `version`.
///
/// # Errors
/// NOT_FOUND when the mailbox is not in the directory; CONTENTION when somebody else changed it meanwhile.
pub async fn insert_contact(
    unit: &mut database::Unit<'_>,
    mailbox: Mailbox,
    version: i64,
    contact: &Contact,
) -> Result<()> {
    let (actor, now) = (unit.caller()?.key(), unit.now());
    let query = sqlx::query!(
        "INSERT INTO contact (mailbox_id, version, organisation_id, unit_id, email, phone, language, at, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        mailbox.id(),
        version,
        mailbox.organisation.0,
        mailbox.unit.map(|unit| unit.0),
        contact.email,
        contact.phone,
        contact.language.as_str(),
        now,
        actor,
    );
    let done = query.with_operation("INSERT", "contact").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some(name) if name.ends_with("_fkey") => Error::not_found(mailbox),
        Some("contact_pkey") => Error::contention("somebody else changed it"),
        _ => error.into(),
    })
}

/// Finds the contact of a mailbox that counts, with its version.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_contact(unit: &mut database::Unit<'_>, mailbox: Mailbox) -> Result<Option<(Contact, i64)>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT email, phone, language, version FROM contact WHERE mailbox_id = $1 ORDER BY version DESC LIMIT 1",
        mailbox.id(),
    );
    let row = query.with_operation("SELECT", "contact").fetch_optional(unit.sql()).await?;
    row.map(TryInto::try_into).transpose()
}

/// Gets a contact as it was kept in a version.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_contact_at(unit: &mut database::Unit<'_>, mailbox: Uuid, version: i64) -> Result<Contact> {
    let query = sqlx::query_as!(
        Row,
        "SELECT email, phone, language, version FROM contact WHERE mailbox_id = $1 AND version = $2",
        mailbox,
        version,
    );
    let row = query.with_operation("SELECT", "contact").fetch_optional(unit.sql()).await?;
    let (contact, _) = row.ok_or_else(|| Error::not_found("the contact"))?.try_into()?;
    Ok(contact)
}
