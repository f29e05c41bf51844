//! Holds as they were made: what a repeated request answers, whatever became of the seat since.

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, ids::Child};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::get_at;
use crate::domain::{Appointment, Hold, Time};

struct Row {
    appointment_id: Uuid,
    version: i64,
    slot_id: Uuid,
    slot_site_id: Uuid,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    time_zone: String,
    held_until: DateTime<Utc>,
}

/// Keeps a hold of an appointment, under an id of its own.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_hold(unit: &mut Unit<'_>, id: Uuid, of: &Appointment, hold: &Hold) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO hold (id, appointment_id, version, slot_id, slot_site_id, start_time, end_time, time_zone, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        of.id.0,
        of.version,
        hold.time.slot.0,
        hold.time.site.id.0,
        hold.time.start,
        hold.time.end,
        hold.time.time_zone,
        hold.until,
    );
    query.with_operation("INSERT", "hold").execute(unit.sql()).await?;
    Ok(())
}

/// Gets the appointment that a hold was made for, as it was then.
///
/// # Errors
/// NOT_FOUND when the caller is no party of it.
pub async fn get_held(unit: &mut Unit<'_>, id: Uuid) -> Result<Appointment> {
    let query = sqlx::query_as!(
        Row,
        "SELECT appointment_id, version, slot_id, slot_site_id, start_time, end_time, time_zone, held_until
         FROM hold WHERE id = $1",
        id,
    );
    let row = query.with_operation("SELECT", "hold").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found("the hold"))?;
    let appointment = get_at(unit, row.appointment_id.into(), Some(row.version)).await?;
    let time = Time {
        slot: row.slot_id.into(),
        site: Child::new(appointment.provider, row.slot_site_id.into()),
        start: row.start_time,
        end: row.end_time,
        time_zone: row.time_zone,
    };
    Ok(Appointment { hold: Some(Hold { time, until: row.held_until }), ..appointment })
}
