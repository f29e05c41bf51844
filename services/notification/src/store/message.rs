//! Messages and the count of their mailbox.

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, calls::PageRequest, database::Unit};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Kind, Mailbox, Message};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    unit_id: Uuid,
    sequence: i64,
    kind: String,
    referral_id: Uuid,
    referral_number: String,
    create_time: DateTime<Utc>,
}

impl TryFrom<Row> for (i64, Message) {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let unit = Some(row.unit_id).filter(|unit| !unit.is_nil()).map(Into::into);
        let message = Message {
            id: row.id.into(),
            mailbox: Mailbox { organisation: row.organisation_id.into(), unit },
            kind: Kind::stored(&row.kind)?,
            referral: row.referral_id.into(),
            referral_number: row.referral_number,
            create_time: row.create_time,
        };
        Ok((row.sequence, message))
    }
}

fn key(mailbox: Mailbox) -> (Uuid, Uuid) {
    (mailbox.organisation.0, mailbox.unit.map_or(Uuid::nil(), |unit| unit.0))
}

/// Stores a message under its mailbox's next number.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, message: &Message) -> Result<()> {
    let (organisation, desk) = key(message.mailbox);
    let query = sqlx::query!(
        "WITH counted AS (
             INSERT INTO mailbox (organisation_id, unit_id, last_sequence) VALUES ($2, $3, 1)
             ON CONFLICT (organisation_id, unit_id) DO UPDATE SET last_sequence = mailbox.last_sequence + 1
             RETURNING last_sequence
         )
         INSERT INTO message (id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time)
         SELECT $1, $2, $3, last_sequence, $4, $5, $6, $7 FROM counted",
        message.id.0,
        organisation,
        desk,
        message.kind.as_str(),
        message.referral.0,
        message.referral_number,
        message.create_time,
    );
    query.with_operation("INSERT", "message").execute(unit.sql()).await?;
    Ok(())
}

/// Lists mailboxes of one organisation, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, inbox: &[Mailbox], page: &PageRequest) -> Result<Vec<Message>> {
    let (organisations, desks): (Vec<_>, Vec<_>) = inbox.iter().copied().map(key).unzip();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time FROM message
         WHERE organisation_id = ANY($1) AND unit_id = ANY($2) AND (create_time, id) < ($3, $4)
         ORDER BY create_time DESC, id DESC LIMIT $5",
        &organisations,
        &desks,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(|row| <(i64, Message)>::try_from(row).map(|(_, message)| message)).collect()
}

/// Lists a mailbox on from a number, the oldest first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_after(
    unit: &mut Unit<'_>,
    mailbox: Mailbox,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, Message)>> {
    let (organisation, desk) = key(mailbox);
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time FROM message
         WHERE organisation_id = $1 AND unit_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
        organisation,
        desk,
        after,
        i64::try_from(limit).unwrap_or(i64::MAX),
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(<(i64, Message)>::try_from).collect()
}
