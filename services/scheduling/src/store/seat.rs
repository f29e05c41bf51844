//! Who sits where. The database refuses every claim that would take a seat twice; here is only asked for one.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{AppointmentId, OpeningRuleId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::opening::Offer;

/// How often a free seat is looked for, when others take the one that was found.
const TRIES: usize = 5;

/// A claim to a seat.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Whose.
    pub appointment: AppointmentId,
    /// In which slot.
    pub offer: &'a Offer,
    /// Whether it is a seat for whoever comes without a booking.
    pub walk_in: bool,
    /// Until when it is held; none: it is booked.
    pub held_until: Option<DateTime<Utc>>,
}

/// Takes a free seat of a slot, in place of any that the appointment has; false when there is none. That one goes first, so that it
/// stands in no one's way, and with it holds of the slot that have run out, whosever they are.
///
/// # Errors
/// CONTENTION when others were always faster: the unit decides again.
pub async fn take(unit: &mut Unit<'_>, claim: Claim<'_>) -> Result<bool> {
    let (slot, now) = (claim.offer.time.slot.0, unit.now());
    let query = sqlx::query!(
        "DELETE FROM seat_claim WHERE appointment_id = $3 OR (slot_id = $1 AND held_until <= $2)",
        slot,
        now,
        claim.appointment.0,
    );
    query.with_operation("DELETE", "seat_claim").execute(unit.sql()).await?;
    if take_unlocked(unit, claim).await? {
        return Ok(true);
    }
    for _ in 0..TRIES {
        let query = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM seat e WHERE e.slot_id = $1 AND e.walk_in = $2 AND NOT EXISTS (
                   SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number)) AS "free!""#,
            slot,
            claim.walk_in,
        );
        if !query.with_operation("SELECT", "seat").fetch_one(unit.sql()).await? {
            return Ok(false);
        }
        // Somebody is about to take it, and may not get it: so this one waits.
        if take_waiting(unit, claim).await? {
            return Ok(true);
        }
    }
    Err(Error::contention("a seat that others were faster to take"))
}

/// The first free seat that nobody is about to take: many ask for the same slot at once, and each gets another.
async fn take_unlocked(unit: &mut Unit<'_>, claim: Claim<'_>) -> Result<bool> {
    let (offer, time) = (claim.offer, &claim.offer.time);
    let query = sqlx::query!(
        "INSERT INTO seat_claim (appointment_id, slot_id, number, walk_in, rule_id, start_time, end_time, held_until)
         SELECT $1, $2, f.number, $3, $4, $5, $6, $7 FROM (
             SELECT e.number FROM seat e WHERE e.slot_id = $2 AND e.walk_in = $3 AND NOT EXISTS (
                 SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number)
             ORDER BY e.number LIMIT 1 FOR UPDATE OF e SKIP LOCKED) AS f
         ON CONFLICT DO NOTHING",
        claim.appointment.0,
        time.slot.0,
        claim.walk_in,
        offer.rule.0,
        time.start,
        time.end,
        claim.held_until,
    );
    let done = query.with_operation("INSERT", "seat_claim").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}

async fn take_waiting(unit: &mut Unit<'_>, claim: Claim<'_>) -> Result<bool> {
    let (offer, time) = (claim.offer, &claim.offer.time);
    let query = sqlx::query!(
        "INSERT INTO seat_claim (appointment_id, slot_id, number, walk_in, rule_id, start_time, end_time, held_until)
         SELECT $1, $2, f.number, $3, $4, $5, $6, $7 FROM (
             SELECT e.number FROM seat e WHERE e.slot_id = $2 AND e.walk_in = $3 AND NOT EXISTS (
                 SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number)
             ORDER BY e.number LIMIT 1 FOR UPDATE OF e) AS f
         ON CONFLICT DO NOTHING",
        claim.appointment.0,
        time.slot.0,
        claim.walk_in,
        offer.rule.0,
        time.start,
        time.end,
        claim.held_until,
    );
    let done = query.with_operation("INSERT", "seat_claim").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a booking of an appointment's hold; false when it has run out, or is not there any more.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn confirm(unit: &mut Unit<'_>, id: AppointmentId) -> Result<bool> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE seat_claim SET held_until = NULL WHERE appointment_id = $1 AND held_until > $2",
        id.0,
        now,
    );
    let done = query.with_operation("UPDATE", "seat_claim").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives back the seat of an appointment, if it has one.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn release(unit: &mut Unit<'_>, id: AppointmentId) -> Result<()> {
    let query = sqlx::query!("DELETE FROM seat_claim WHERE appointment_id = $1", id.0);
    query.with_operation("DELETE", "seat_claim").execute(unit.sql()).await?;
    Ok(())
}

/// Gives back the seat of an appointment whose hold has run out.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn expire(unit: &mut Unit<'_>, id: AppointmentId) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query!("DELETE FROM seat_claim WHERE appointment_id = $1 AND held_until <= $2", id.0, now);
    query.with_operation("DELETE", "seat_claim").execute(unit.sql()).await?;
    Ok(())
}

/// Takes away the seats beside those of these appointments that nobody has.
///
/// # Errors
/// CONTENTION when somebody took one meanwhile: the unit decides again.
pub async fn empty(unit: &mut Unit<'_>, beside: &[AppointmentId]) -> Result<()> {
    let ids: Vec<Uuid> = beside.iter().map(|id| id.0).collect();
    let query = sqlx::query!(
        "DELETE FROM seat e WHERE e.slot_id IN (SELECT slot_id FROM seat_claim WHERE appointment_id = ANY($1))
           AND NOT EXISTS (SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number)",
        &ids,
    );
    let done = query.with_operation("DELETE", "seat").execute(unit.sql()).await;
    done.map(|_| ()).map_err(taken)
}

/// A seat or a slot that was taken while it was taken away.
pub(super) fn taken(error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(inner) if inner.is_foreign_key_violation() => Error::contention(error),
        _ => error.into(),
    }
}

/// Slots that are to be taken away: those of a site or of a rule, on these days, that have not begun.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The site.
    pub site: SiteId,
    /// Only those of this rule.
    pub rule: Option<OpeningRuleId>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; none: and all later ones.
    pub until: Option<NaiveDate>,
}

/// Appointments that stand in such slots, the earliest first; held seats count. Holds that have run out are removed.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_in(unit: &mut Unit<'_>, span: Span, limit: i64) -> Result<Vec<AppointmentId>> {
    let now = unit.now();
    let query = sqlx::query!(
        "DELETE FROM seat_claim c USING slot s
         WHERE c.slot_id = s.id AND c.held_until <= $5 AND s.site_id = $1 AND ($2::uuid IS NULL OR s.rule_id = $2)
           AND s.local_date >= $3 AND ($4::date IS NULL OR s.local_date <= $4) AND s.start_time > $5",
        span.site.0,
        span.rule.map(|rule| rule.0),
        span.from,
        span.until,
        now,
    );
    query.with_operation("DELETE", "seat_claim").execute(unit.sql()).await?;
    let query = sqlx::query_scalar!(
        "SELECT c.appointment_id FROM slot s JOIN seat_claim c ON c.slot_id = s.id
         WHERE s.site_id = $1 AND ($2::uuid IS NULL OR s.rule_id = $2)
           AND s.local_date >= $3 AND ($4::date IS NULL OR s.local_date <= $4) AND s.start_time > $5
         ORDER BY s.start_time, c.number LIMIT $6",
        span.site.0,
        span.rule.map(|rule| rule.0),
        span.from,
        span.until,
        now,
        limit,
    );
    let ids = query.with_operation("SELECT", "seat_claim").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}
