//! Messages and the count of their mailbox.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::{Rows, Unit},
    ids::{MessageId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{key, mailbox, mailing};
use crate::domain::{Facts, Kind, Mailbox, Mark, Message};

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    unit_id: Uuid,
    sequence: i64,
    kind: String,
    referral_id: Option<Uuid>,
    referral_number: String,
    create_time: DateTime<Utc>,
    state: String,
    reason: String,
    start_time: Option<DateTime<Utc>>,
    time_zone: String,
    due_time: Option<DateTime<Utc>>,
    about: String,
    about_name: String,
    undone: bool,
    read_time: Option<DateTime<Utc>>,
    reader: String,
    acknowledge_time: Option<DateTime<Utc>>,
    acknowledger: String,
}

impl TryFrom<Row> for (i64, Message) {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let message = Message {
            id: row.id.into(),
            mailbox: mailbox(row.organisation_id, row.unit_id),
            kind: Kind::stored(&row.kind)?,
            facts: Facts {
                state: row.state,
                reason: row.reason,
                start_time: row.start_time,
                time_zone: row.time_zone,
                due_time: row.due_time,
                about: row.about,
                about_name: row.about_name,
                undone: row.undone,
            },
            referral: row.referral_id.map(Into::into),
            referral_number: row.referral_number,
            create_time: row.create_time,
            read: row.read_time.map(|at| Mark { at, by: row.reader }),
            acknowledged: row.acknowledge_time.map(|at| Mark { at, by: row.acknowledger }),
        };
        Ok((row.sequence, message))
    }
}

fn message(row: Row) -> Result<Message> {
    <(i64, Message)>::try_from(row).map(|(_, message)| message)
}

/// New messages, each under its mailbox's next number; written by one statement for a whole batch. What their mailboxes want by
/// mail is queued with them.
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
        let ids = |value: fn(&Message) -> Uuid| self.0.iter().map(value).collect::<Vec<_>>();
        let text = |value: fn(&Message) -> &str| self.0.iter().map(|m| value(m).to_string()).collect::<Vec<_>>();
        let times = |value: fn(&Message) -> Option<DateTime<Utc>>| self.0.iter().map(value).collect::<Vec<_>>();
        let referrals: Vec<_> = self.0.iter().map(|m| m.referral.map(|referral| referral.0)).collect();
        let undone: Vec<_> = self.0.iter().map(|m| m.facts.undone).collect();
        let query = sqlx::query!(
            // Mailboxes are counted up in one order in every unit, so that none waits for another that waits for it.
            "WITH new AS (
                 SELECT *, row_number() OVER (PARTITION BY organisation_id, unit_id ORDER BY ordinality) AS place
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[],
                             $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::timestamptz[], $13::text[],
                             $14::bool[], $15::text[])
                     WITH ORDINALITY AS n(id, organisation_id, unit_id, kind, referral_id, referral_number, create_time,
                             state, reason, start_time, time_zone, due_time, about, undone, about_name)
             ), more AS (
                 SELECT organisation_id, unit_id, count(*) AS messages FROM new GROUP BY organisation_id, unit_id
             ), counted AS (
                 INSERT INTO mailbox (organisation_id, unit_id, last_sequence)
                 SELECT organisation_id, unit_id, messages FROM more ORDER BY organisation_id, unit_id
                 ON CONFLICT (organisation_id, unit_id)
                 DO UPDATE SET last_sequence = mailbox.last_sequence + EXCLUDED.last_sequence
                 RETURNING organisation_id, unit_id, last_sequence
             )
             INSERT INTO message (id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time,
                                  state, reason, start_time, time_zone, due_time, about, undone, about_name)
             SELECT id, organisation_id, unit_id, last_sequence - messages + place, kind, referral_id, referral_number,
                    create_time, state, reason, start_time, time_zone, due_time, about, undone, about_name
             FROM new JOIN more USING (organisation_id, unit_id) JOIN counted USING (organisation_id, unit_id)",
            &ids(|m| m.id.0),
            &ids(|m| key(m.mailbox).0),
            &ids(|m| key(m.mailbox).1),
            &text(|m| m.kind.as_str()),
            &referrals as _,
            &text(|m| &m.referral_number),
            &times(|m| Some(m.create_time)) as _,
            &text(|m| &m.facts.state),
            &text(|m| &m.facts.reason),
            &times(|m| m.facts.start_time) as _,
            &text(|m| &m.facts.time_zone),
            &times(|m| m.facts.due_time) as _,
            &text(|m| &m.facts.about),
            &undone,
            &text(|m| &m.facts.about_name),
        );
        query.with_operation("INSERT", "message").execute(unit.sql()).await?;
        mailing::queue(unit, &self.0).await
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
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time, state, reason,
                start_time, time_zone, due_time, about, about_name, undone, read_time, reader, acknowledge_time, acknowledger
         FROM message
         WHERE organisation_id = ANY($1) AND unit_id = ANY($2) AND (create_time, id) < ($3, $4)
         ORDER BY create_time DESC, id DESC LIMIT $5",
        &organisations,
        &desks,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(message).collect()
}

/// As [`list`], what nobody has read.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_unread(unit: &mut Unit<'_>, inbox: &[Mailbox], page: &PageRequest) -> Result<Vec<Message>> {
    let (organisations, desks): (Vec<_>, Vec<_>) = inbox.iter().copied().map(key).unzip();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time, state, reason,
                start_time, time_zone, due_time, about, about_name, undone, read_time, reader, acknowledge_time, acknowledger
         FROM message
         WHERE organisation_id = ANY($1) AND unit_id = ANY($2) AND (create_time, id) < ($3, $4) AND read_time IS NULL
         ORDER BY create_time DESC, id DESC LIMIT $5",
        &organisations,
        &desks,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(message).collect()
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
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time, state, reason,
                start_time, time_zone, due_time, about, about_name, undone, read_time, reader, acknowledge_time, acknowledger
         FROM message
         WHERE organisation_id = $1 AND unit_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
        organisation,
        desk,
        after,
        i64::try_from(limit).unwrap_or(i64::MAX),
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(<(i64, Message)>::try_from).collect()
}

/// Gets a message of an inbox, and locks it; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn lock(unit: &mut Unit<'_>, inbox: &[Mailbox], id: MessageId) -> Result<Message> {
    let (organisations, desks): (Vec<_>, Vec<_>) = inbox.iter().copied().map(key).unzip();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time, state, reason,
                start_time, time_zone, due_time, about, about_name, undone, read_time, reader, acknowledge_time, acknowledger
         FROM message
         WHERE id = $1 AND organisation_id = ANY($2) AND unit_id = ANY($3) FOR UPDATE",
        id.0,
        &organisations,
        &desks,
    );
    let row = query.with_operation("SELECT", "message").fetch_optional(unit.sql()).await?;
    message(row.ok_or_else(|| Error::not_found(id))?)
}

/// Saves who read a message and who took charge of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_marks(unit: &mut Unit<'_>, message: &Message) -> Result<()> {
    let mark = |mark: &Option<Mark>| mark.clone().map_or((None, String::new()), |mark| (Some(mark.at), mark.by));
    let ((read, reader), (acknowledged, acknowledger)) = (mark(&message.read), mark(&message.acknowledged));
    let query = sqlx::query!(
        "UPDATE message SET read_time = $2, reader = $3, acknowledge_time = $4, acknowledger = $5 WHERE id = $1",
        message.id.0,
        read,
        reader,
        acknowledged,
        acknowledger,
    );
    query.with_operation("UPDATE", "message").execute(unit.sql()).await?;
    Ok(())
}

/// Whether somebody was told this of a referral before: of the same appointment, at the same time, or of the same report.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_told(unit: &mut Unit<'_>, referral: ReferralId, kind: Kind, facts: &Facts) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM message WHERE referral_id = $1 AND kind = $2 AND state = $3 AND about = $4
               AND start_time IS NOT DISTINCT FROM $5) AS "told!""#,
        referral.0,
        kind.as_str(),
        facts.state,
        facts.about,
        facts.start_time,
    );
    Ok(query.with_operation("SELECT", "message").fetch_one(unit.sql()).await?)
}

/// Whether a mailbox was told since then that something cannot go out.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_told_of_trouble(unit: &mut Unit<'_>, mailbox: Mailbox, since: DateTime<Utc>) -> Result<bool> {
    let (organisation, desk) = key(mailbox);
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM message WHERE organisation_id = $1 AND unit_id = $2 AND create_time > $3
               AND kind IN ('delivery-failed', 'delivery-parked')) AS "told!""#,
        organisation,
        desk,
        since,
    );
    Ok(query.with_operation("SELECT", "message").fetch_one(unit.sql()).await?)
}

/// Lists the messages about some referrals, in whoever's inbox, the most recent first: for whoever sent them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_about(unit: &mut Unit<'_>, referrals: &[ReferralId]) -> Result<Vec<Message>> {
    let referrals: Vec<Uuid> = referrals.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, unit_id, sequence, kind, referral_id, referral_number, create_time, state, reason,
                start_time, time_zone, due_time, about, about_name, undone, read_time, reader, acknowledge_time, acknowledger
         FROM message
         WHERE referral_id = ANY($1) ORDER BY create_time DESC, id DESC",
        &referrals,
    );
    let rows = query.with_operation("SELECT", "message").fetch_all(unit.sql()).await?;
    rows.into_iter().map(message).collect()
}
