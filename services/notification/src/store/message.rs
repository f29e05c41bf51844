//! Messages and the count of their mailbox.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::{Rows, Unit},
    ids::ReferralId,
};
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

/// New messages, each under its mailbox's next number; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct NewMessages(Vec<Message>);

impl NewMessages {
    /// Adds one.
    pub fn insert(&mut self, message: Message) {
        self.0.push(message);
    }
}

impl Rows for NewMessages {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let column = |value: fn(&Message) -> Uuid| self.0.iter().map(value).collect::<Vec<_>>();
        let text = |value: fn(&Message) -> &str| self.0.iter().map(|m| value(m).to_string()).collect::<Vec<_>>();
        let times: Vec<_> = self.0.iter().map(|m| m.create_time).collect();
        let query = sqlx::query!(
            // Mailboxes are counted up in one order in every unit, so that none waits for another that waits for it.
            "WITH new AS (
                 SELECT *, row_number() OVER (PARTITION BY organisation_id, unit_id ORDER BY ordinality) AS place
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[])
                     WITH ORDINALITY AS n(id, organisation_id, unit_id, kind, referral_id, referral_number, create_time)
             ), more AS (
                 SELECT organisation_id, unit_id, count(*) AS messages FROM new GROUP BY organisation_id, unit_id
             ), counted AS (
                 INSERT INTO mailbox (organisation_id, unit_id, last_sequence)
                 SELECT organisation_id, unit_id, messages FROM more ORDER BY organisation_id, unit_id
                 ON CONFLICT (organisation_id, unit_id)
                 DO UPDATE SET last_sequence = mailbox.last_sequence + EXCLUDED.last_sequence
                 RETURNING organisation_id, unit_id, last_sequence
             )
             INSERT INTO message (id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time)
             SELECT id, organisation_id, unit_id, last_sequence - messages + place, kind, referral_id, referral_number,
                    create_time
             FROM new JOIN more USING (organisation_id, unit_id) JOIN counted USING (organisation_id, unit_id)",
            &column(|m| m.id.0),
            &column(|m| key(m.mailbox).0),
            &column(|m| key(m.mailbox).1),
            &text(|m| m.kind.as_str()),
            &column(|m| m.referral.0),
            &text(|m| &m.referral_number),
            &times,
        );
        query.with_operation("INSERT", "message").execute(unit.sql()).await?;
        Ok(())
    }
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

/// Lists the messages about some referrals, in whoever's inbox, the most recent first: for whoever sent them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_about(unit: &mut Unit<'_>, referrals: &[ReferralId]) -> Result<Vec<Message>> {
    let referrals: Vec<Uuid> = referrals.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time FROM message
         WHERE referral_id = ANY($1) ORDER BY create_time DESC, id DESC",
        &referrals,
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(|row| <(i64, Message)>::try_from(row).map(|(_, message)| message)).collect()
}
