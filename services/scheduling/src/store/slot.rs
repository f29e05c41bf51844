//! Slots: made of rules, searched, and taken away where nobody sits.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{AppointmentId, Child, OrganisationId, SiteId, SlotId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::seat::{Span, taken};
use crate::domain::{
    Referral, Time,
    opening::{Offer, Opening, OpeningRule},
};

/// Makes slots of a rule with their seats; those that are there stay as they are.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, rule: &OpeningRule, openings: &[Opening]) -> Result<()> {
    let ids: Vec<_> = openings.iter().map(|_| SlotId::draw().0).collect();
    let starts: Vec<_> = openings.iter().map(|opening| opening.start).collect();
    let ends: Vec<_> = openings.iter().map(|opening| opening.end).collect();
    let days: Vec<_> = openings.iter().map(|opening| opening.day).collect();
    let query = sqlx::query!(
        "WITH made AS (
             INSERT INTO slot (id, rule_id, site_id, provider_id, start_time, end_time, local_date)
             SELECT n.id, $1, $2, $3, n.start_time, n.end_time, n.local_date
             FROM unnest($4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::date[])
                 AS n(id, start_time, end_time, local_date)
             ON CONFLICT DO NOTHING RETURNING id, start_time, end_time
         )
         INSERT INTO seat (slot_id, number, walk_in, rule_id, start_time, end_time)
         SELECT m.id, n.number, n.number > $8::int, $1, m.start_time, m.end_time
         FROM made m CROSS JOIN generate_series(1, $8::int + $9::int) AS n(number)",
        rule.id.0,
        rule.site.id.0,
        rule.site.organisation.0,
        &ids,
        &starts,
        &ends,
        &days,
        i32::from(rule.seats),
        i32::from(rule.walk_in_seats),
    );
    query.with_operation("INSERT", "slot").execute(unit.sql()).await?;
    Ok(())
}

/// Takes slots away, with their seats; not those in which one of these appointments has its seat.
///
/// # Errors
/// CONTENTION when somebody took a seat meanwhile: the unit decides again.
pub async fn delete(unit: &mut Unit<'_>, span: Span, but: &[AppointmentId]) -> Result<()> {
    let (now, but): (_, Vec<Uuid>) = (unit.now(), but.iter().map(|id| id.0).collect());
    let query = sqlx::query!(
        "DELETE FROM slot WHERE site_id = $1 AND ($2::uuid IS NULL OR rule_id = $2)
           AND local_date >= $3 AND ($4::date IS NULL OR local_date <= $4) AND start_time > $5
           AND NOT EXISTS (SELECT FROM seat_claim c WHERE c.slot_id = slot.id AND c.appointment_id = ANY($6))",
        span.site.0,
        span.rule.map(|rule| rule.0),
        span.from,
        span.until,
        now,
        &but,
    );
    let done = query.with_operation("DELETE", "slot").execute(unit.sql()).await;
    done.map(|_| ()).map_err(taken)
}

struct OfferRow {
    id: Uuid,
    site_id: Uuid,
    rule_id: Uuid,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    time_zone: String,
    covers: bool,
}

fn offer(row: OfferRow, provider: OrganisationId) -> Offer {
    let time = Time {
        slot: row.id.into(),
        site: Child::new(provider, row.site_id.into()),
        start: row.start_time,
        end: row.end_time,
        time_zone: row.time_zone,
    };
    Offer { time, covers: row.covers, rule: row.rule_id.into() }
}

/// Gets a slot of the referral's provider, as it is offered to that referral.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_offer(unit: &mut Unit<'_>, id: SlotId, referral: &Referral) -> Result<Offer> {
    find_offer(unit, id, referral).await?.ok_or_else(|| Error::not_found(id))
}

/// As [`get_offer`]; none when the slot was taken away.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_offer(unit: &mut Unit<'_>, id: SlotId, referral: &Referral) -> Result<Option<Offer>> {
    let query = sqlx::query_as!(
        OfferRow,
        r#"SELECT s.id, s.site_id, s.rule_id, s.start_time, s.end_time, t.time_zone, EXISTS (
               SELECT FROM opening_rule_service v WHERE v.rule_id = s.rule_id AND v.system = $3 AND v.code = $4) AS "covers!"
           FROM slot s JOIN site t ON t.id = s.site_id WHERE s.id = $1 AND s.provider_id = $2"#,
        id.0,
        referral.provider.0,
        referral.service_system,
        referral.service_code,
    );
    let row = query.with_operation("SELECT", "slot").fetch_optional(unit.sql()).await?;
    Ok(row.map(|row| offer(row, referral.provider)))
}

/// Lists the slots of a site that are now and receive the referral's patient without a booking.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_now(unit: &mut Unit<'_>, site: SiteId, referral: &Referral) -> Result<Vec<Offer>> {
    let now = unit.now();
    let query = sqlx::query_as!(
        OfferRow,
        r#"SELECT s.id, s.site_id, s.rule_id, s.start_time, s.end_time, t.time_zone, true AS "covers!"
           FROM slot s JOIN site t ON t.id = s.site_id
           WHERE s.site_id = $1 AND s.provider_id = $2 AND s.start_time <= $5 AND s.start_time > $5 - interval '1 day'
             AND s.end_time > $5
             AND EXISTS (SELECT FROM seat e WHERE e.slot_id = s.id AND e.walk_in)
             AND EXISTS (SELECT FROM opening_rule_service v WHERE v.rule_id = s.rule_id AND v.system = $3 AND v.code = $4)
           ORDER BY s.start_time, s.id"#,
        site.0,
        referral.provider.0,
        referral.service_system,
        referral.service_code,
        now,
    );
    let rows = query.with_operation("SELECT", "slot").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| offer(row, referral.provider)).collect())
}
