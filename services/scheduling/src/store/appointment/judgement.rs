//! What is kept of an appointment while the convention is asked for its day, and what is asked when the answer is no.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    database::Unit,
    ids::{AppointmentId, SlotId},
};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::{Appointment, Time};

/// Notes how long before it the patient is to be reminded, once it is booked.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_lead(unit: &mut Unit<'_>, id: AppointmentId, lead: TimeDelta) -> Result<()> {
    let seconds = i32::try_from(lead.num_seconds()).unwrap_or(i32::MAX);
    let query = sqlx::query!("UPDATE appointment SET lead_s = $2 WHERE id = $1", id.0, seconds);
    query.with_operation("UPDATE", "appointment").execute(unit.sql()).await?;
    Ok(())
}

/// How long before it the patient is to be reminded, if that was noted.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_lead(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Option<TimeDelta>> {
    let query = sqlx::query_scalar!("SELECT lead_s FROM appointment WHERE id = $1", id.0);
    let lead = query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await?.flatten();
    Ok(lead.map(|seconds| TimeDelta::seconds(seconds.into())))
}

/// The slot in which it was booked last.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_booked_slot(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Option<SlotId>> {
    let query = sqlx::query_scalar!(
        "SELECT slot_id FROM appointment_change WHERE appointment_id = $1 AND state = 'booked' AND NOT awaiting ORDER BY version DESC LIMIT 1",
        id.0,
    );
    let slot = query.with_operation("SELECT", "appointment_change").fetch_optional(unit.sql()).await?.flatten();
    Ok(slot.map(Into::into))
}

/// Whether its patient has another appointment at that time.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_busy(unit: &mut Unit<'_>, appointment: &Appointment, time: &Time) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM appointment WHERE patient_id = $1 AND id <> $2 AND during && tstzrange($3, $4, '[)')
                          AND state IN ('booked', 'arrived', 'fulfilled')) AS "busy!""#,
        appointment.patient.map(|patient| patient.0),
        appointment.id.0,
        time.start,
        time.end,
    );
    Ok(query.with_operation("SELECT", "appointment").fetch_one(unit.sql()).await?)
}
