//! Reminders that are taken back: of times that their appointment has no more.

use chrono::{DateTime, Utc};
use relais_platform::{Result, database::Unit, ids::AppointmentId};
use sqlx_otel::QueryAnnotateExt;

use super::Row;
use crate::domain::Delivery;

/// Takes back the reminders of all times of an appointment but this one, and tells which. What waits is looked at at once; what is
/// on its way is noted as it ends, and not tried again. One of this time that had been taken back unsent waits again.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn withdraw_reminders(
    unit: &mut Unit<'_>,
    appointment: AppointmentId,
    expected: Option<DateTime<Utc>>,
) -> Result<Vec<Delivery>> {
    let query = sqlx::query_as!(
        Row,
        "UPDATE delivery SET withdrawn = NOT withdrawn,
                retry_at = CASE WHEN state = 'sent' THEN retry_at ELSE now() END,
                state = CASE WHEN withdrawn AND state = 'discarded' AND reason = $3 THEN 'queued' ELSE state END
         WHERE appointment_id = $1 AND withdrawn = (start_time IS NOT DISTINCT FROM $2) AND state <> 'accepted'
         RETURNING id, purpose, state, reason, organisation_id, unit_id, referral_id, referral_number, messages, start_time,
                   time_zone, create_time, not_before, tries, attempts, withdrawn",
        appointment.0,
        expected,
        Delivery::WITHDRAWN,
    );
    let rows = query.with_operation("UPDATE", "delivery").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Delivery::try_from).collect()
}
