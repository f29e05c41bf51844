//! Timelines: the steps of referrals, and what other services told of them.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    ids::{AppointmentId, ReferralId},
    parties::Capacity,
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{Cause, Entry, Happened, State, Transition};

struct Row {
    id: Uuid,
    referral_id: Uuid,
    version: i64,
    state: String,
    previous: Option<String>,
    cause: String,
    reason: String,
    alternative: String,
    items: Vec<String>,
    note: Option<String>,
    at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    actor: String,
    organisation_id: Option<Uuid>,
    capacity: Option<String>,
}

impl TryFrom<Row> for Transition {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            referral: row.referral_id.into(),
            version: row.version,
            state: State::stored(&row.state)?,
            previous: row.previous.as_deref().map(State::stored).transpose()?,
            cause: Cause::stored(&row.cause)?,
            reason: row.reason,
            alternative: row.alternative,
            items: row.items,
            note: row.note.unwrap_or_default(),
            time: row.at,
            due_time: row.due_at,
            actor: row.actor,
            organisation: row.organisation_id.map(Into::into),
            capacity: row.capacity.as_deref().map(Capacity::stored).transpose()?,
        })
    }
}

/// The last step of a referral that the caller was shown. That time has passed, or that a day was judged, is no step.
///
/// # Errors
/// NOT_FOUND when it has none, which no referral has.
pub async fn get_last_step(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Transition> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.referral_id, t.version, t.state, t.previous, t.cause, t.reason, t.alternative, t.items,
                  NULL::text AS note, t.at, t.due_at, t.actor, t.organisation_id, t.capacity
           FROM referral_transition t WHERE t.referral_id = $1 AND t.cause NOT IN ('overdue', 'judgement') ORDER BY t.version DESC LIMIT 1"#,
        referral.0,
    );
    let row = query.with_operation("SELECT", "referral_transition").fetch_optional(unit.sql()).await?;
    row.map(Transition::try_from).transpose()?.ok_or_else(|| Error::not_found(referral))
}

/// The timelines of referrals that the caller was shown.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_transitions(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<Transition>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.referral_id, t.version, t.state, t.previous, t.cause, t.reason, t.alternative, t.items,
                  n.note AS "note?", t.at, t.due_at, t.actor, t.organisation_id, t.capacity
           FROM referral_transition t LEFT JOIN referral_note n ON n.referral_id = t.referral_id AND n.version = t.version
           WHERE t.referral_id = ANY($1) ORDER BY t.referral_id, t.version"#,
        referrals,
    );
    let rows = query.with_operation("SELECT", "referral_transition").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Transition::try_from).collect()
}

/// A page of the steps of a referral that the caller was shown, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_page_of_transitions(
    unit: &mut Unit<'_>,
    referral: ReferralId,
    page: &PageRequest,
) -> Result<Vec<Transition>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.referral_id, t.version, t.state, t.previous, t.cause, t.reason, t.alternative, t.items,
                  n.note AS "note?", t.at, t.due_at, t.actor, t.organisation_id, t.capacity
           FROM referral_transition t LEFT JOIN referral_note n ON n.referral_id = t.referral_id AND n.version = t.version
           WHERE t.referral_id = $1 AND (t.at, t.id) < ($2, $3) ORDER BY t.at DESC, t.id DESC LIMIT $4"#,
        referral.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "referral_transition").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Transition::try_from).collect()
}

/// A page of what happened with these referrals, the most recent first: of those that the caller is a party of.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_entries(unit: &mut Unit<'_>, referrals: &[Uuid], page: &PageRequest) -> Result<Vec<Entry>> {
    let query = sqlx::query!(
        r#"SELECT w.id AS "id!", w.at AS "at!", w.referral_id AS "referral_id!", w.kind AS "kind!", w.subject_id AS "subject_id?",
                  w.state AS "state!", w.start_at AS "start_at?", r.number, r.provider_id
           FROM (
               (SELECT id, at, referral_id, 'step' AS kind, NULL::uuid AS subject_id, state, NULL::timestamptz AS start_at
                FROM referral_transition WHERE referral_id = ANY($1) AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4)
               UNION ALL
               (SELECT id, at, referral_id, kind, subject_id, state, start_at
                FROM referral_fact WHERE referral_id = ANY($1) AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4)
           ) AS w JOIN referral r ON r.id = w.referral_id ORDER BY w.at DESC, w.id DESC LIMIT $4"#,
        referrals,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "referral_transition").fetch_all(unit.sql()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut steps = list_steps(unit, &ids).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let what = match steps.iter().position(|step| step.id == row.id) {
            Some(at) => Happened::Step(Box::new(steps.swap_remove(at))),
            None => fact(&row.kind, row.subject_id.unwrap_or_default(), row.state, row.start_at),
        };
        entries.push(Entry {
            id: row.id,
            time: row.at,
            referral: row.referral_id.into(),
            number: row.number,
            provider: row.provider_id.into(),
            what,
        });
    }
    Ok(entries)
}

/// What other services told of referrals that the caller was shown, in the order in which it happened.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_facts(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<Entry>> {
    let query = sqlx::query!(
        "SELECT f.id, f.at, f.referral_id, f.kind, f.subject_id, f.state, f.start_at, r.number, r.provider_id
         FROM referral_fact f JOIN referral r ON r.id = f.referral_id
         WHERE f.referral_id = ANY($1) ORDER BY f.at, f.id",
        referrals,
    );
    let rows = query.with_operation("SELECT", "referral_fact").fetch_all(unit.sql()).await?;
    let facts = rows.into_iter().map(|row| Entry {
        id: row.id,
        time: row.at,
        referral: row.referral_id.into(),
        number: row.number,
        provider: row.provider_id.into(),
        what: fact(&row.kind, row.subject_id, row.state, row.start_at),
    });
    Ok(facts.collect())
}

fn fact(kind: &str, subject: Uuid, state: String, start_time: Option<DateTime<Utc>>) -> Happened {
    match kind {
        "appointment" => Happened::Appointment { id: AppointmentId(subject), state, start_time },
        _ => Happened::Report { id: subject, status: state },
    }
}

async fn list_steps(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Transition>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.referral_id, t.version, t.state, t.previous, t.cause, t.reason, t.alternative, t.items,
                  n.note AS "note?", t.at, t.due_at, t.actor, t.organisation_id, t.capacity
           FROM referral_transition t LEFT JOIN referral_note n ON n.referral_id = t.referral_id AND n.version = t.version
           WHERE t.id = ANY($1)"#,
        ids,
    );
    let rows = query.with_operation("SELECT", "referral_transition").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Transition::try_from).collect()
}
