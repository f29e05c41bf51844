//! Deliveries: as callers see them here, as they are made in `new`, as the worker takes them in `due`, as
//! they are taken back in `withdraw`.

mod due;
mod new;
mod withdraw;

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    ids::{DeliveryId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

pub(super) use new::insert_of_messages;

pub use due::{again, claim, count_due, due, lock, save, send, wait};
pub use new::NewDeliveries;
pub use withdraw::withdraw_reminders;

use super::mailbox;
use crate::domain::{Delivery, Purpose, State};

struct Row {
    id: Uuid,
    purpose: String,
    state: String,
    reason: String,
    organisation_id: Uuid,
    unit_id: Uuid,
    referral_id: Uuid,
    referral_number: String,
    messages: i32,
    start_time: Option<DateTime<Utc>>,
    time_zone: String,
    create_time: DateTime<Utc>,
    not_before: DateTime<Utc>,
    tries: i32,
    attempts: i32,
    withdrawn: bool,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            purpose: Purpose::stored(&row.purpose)?,
            state: State::stored(&row.state)?,
            reason: row.reason,
            mailbox: mailbox(row.organisation_id, row.unit_id),
            referral: row.referral_id.into(),
            referral_number: row.referral_number,
            messages: row.messages,
            start_time: row.start_time,
            time_zone: row.time_zone,
            create_time: row.create_time,
            not_before: row.not_before,
            tries: row.tries,
            attempts: row.attempts,
            withdrawn: row.withdrawn,
        })
    }
}

/// Queues a delivery from the start.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn replay(unit: &mut Unit<'_>, id: DeliveryId) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE delivery SET state = 'queued', reason = '', tries = 0, retry_at = now() WHERE id = $1",
        id.0
    );
    query.with_operation("UPDATE", "delivery").execute(unit.sql()).await?;
    Ok(())
}

/// Gets a delivery that the caller's organisation answers for, and of its units the own one's, and locks it; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn of_caller(unit: &mut Unit<'_>, id: DeliveryId) -> Result<Delivery> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time, time_zone,
                create_time, not_before, tries, attempts, withdrawn
         FROM delivery
         WHERE id = $1 AND organisation_id = $2
           AND ($3::uuid IS NULL OR unit_id = '00000000-0000-0000-0000-000000000000' OR unit_id = $3) FOR UPDATE",
        id.0,
        organisation,
        desk,
    );
    let row = query.with_operation("SELECT", "delivery").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// As [`of_caller`], to look at.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: DeliveryId) -> Result<Delivery> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time, time_zone,
                create_time, not_before, tries, attempts, withdrawn
         FROM delivery
         WHERE id = $1 AND organisation_id = $2
           AND ($3::uuid IS NULL OR unit_id = '00000000-0000-0000-0000-000000000000' OR unit_id = $3)",
        id.0,
        organisation,
        desk,
    );
    let row = query.with_operation("SELECT", "delivery").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// Lists what the caller's organisation answers for, and of its units the own one's, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, state: Option<State>, page: &PageRequest) -> Result<Vec<Delivery>> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time, time_zone,
                create_time, not_before, tries, attempts, withdrawn
         FROM delivery
         WHERE organisation_id = $1 AND (create_time, id) < ($2, $3) AND ($4::text IS NULL OR state = $4)
           AND ($5::uuid IS NULL OR unit_id = '00000000-0000-0000-0000-000000000000' OR unit_id = $5)
         ORDER BY create_time DESC, id DESC LIMIT $6",
        organisation,
        page.after.time,
        page.after.id,
        state.map(State::as_str),
        desk,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "delivery").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Lists what went out about some referrals that the caller's organisation sent, to whomever, the most recent first. Of digests,
/// which count others' messages as well, the own alone.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_about(unit: &mut Unit<'_>, referrals: &[ReferralId]) -> Result<Vec<Delivery>> {
    let (organisation, _) = own(unit)?;
    let referrals: Vec<Uuid> = referrals.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        "SELECT id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time, time_zone,
                create_time, not_before, tries, attempts, withdrawn
         FROM delivery WHERE referral_id = ANY($1) AND (organisation_id = $2 OR purpose <> 'digest')
         ORDER BY create_time DESC, id DESC",
        &referrals,
        organisation,
    );
    let rows = query.with_operation("SELECT", "delivery").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

fn own(unit: &Unit<'_>) -> Result<(Uuid, Option<Uuid>)> {
    let caller = unit.caller()?;
    Ok((caller.acting_organisation()?.0, caller.unit.map(|unit| unit.0)))
}
