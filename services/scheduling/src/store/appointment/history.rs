//! What appointments were, for whoever may know all that is held: each version, and seats that were held.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{AppointmentId, Child, OrganisationId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::row::state;
use crate::domain::{Hold, Time, Version};

struct Row {
    appointment_id: Uuid,
    version: i64,
    state: String,
    provider_id: Uuid,
    slot_id: Option<Uuid>,
    slot_site_id: Option<Uuid>,
    start_time: Option<DateTime<Utc>>,
    end_time: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    awaiting: bool,
    confirmed: bool,
    walk_in: bool,
    reason: String,
    cancelled_by: Option<Uuid>,
    at: DateTime<Utc>,
}

impl TryFrom<Row> for Version {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let provider = OrganisationId(row.provider_id);
        let site = row.slot_site_id.map(|id| Child::new(provider, SiteId(id)));
        let times = row.start_time.zip(row.end_time);
        let time = row.slot_id.zip(site).zip(times).map(|((slot, site), (start, end))| Time {
            slot: slot.into(),
            site,
            start,
            end,
            time_zone: row.time_zone.unwrap_or_default(),
        });
        Ok(Self {
            appointment: row.appointment_id.into(),
            version: row.version,
            state: state(&row.state, row.awaiting)?,
            time,
            confirmed: row.confirmed,
            walk_in: row.walk_in,
            reason: row.reason,
            cancelled_by: row.cancelled_by.map(Into::into),
            at: row.at,
        })
    }
}

/// Lists all versions of appointments that the caller was shown, in order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_versions(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Version>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT c.appointment_id, c.version, c.state, a.provider_id, c.slot_id, c.slot_site_id, c.start_time, c.end_time,
                c.time_zone, c.awaiting, c.confirmed, c.walk_in, c.reason, c.cancelled_by, c.at
         FROM appointment_change c JOIN appointment a ON a.id = c.appointment_id
         WHERE c.appointment_id = ANY($1) ORDER BY c.appointment_id, c.version",
        ids,
    );
    let rows = query.with_operation("SELECT", "appointment_change").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Version::try_from).collect()
}

/// Lists the holds that were made for appointments that the caller was shown, each with since when.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_holds(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<(AppointmentId, DateTime<Utc>, Hold)>> {
    let query = sqlx::query!(
        "SELECT h.id, h.appointment_id, h.slot_id, h.slot_site_id, h.start_time, h.end_time, h.time_zone, h.held_until,
                a.provider_id
         FROM hold h JOIN appointment a ON a.id = h.appointment_id
         WHERE h.appointment_id = ANY($1) ORDER BY h.id",
        ids,
    );
    let rows = query.with_operation("SELECT", "hold").fetch_all(unit.sql()).await?;
    let holds = rows.into_iter().map(|row| {
        let site = Child::new(row.provider_id.into(), row.slot_site_id.into());
        let (slot, start, end) = (row.slot_id.into(), row.start_time, row.end_time);
        let time = Time { slot, site, start, end, time_zone: row.time_zone };
        (row.appointment_id.into(), since(row.id), Hold { time, until: row.held_until })
    });
    Ok(holds.collect())
}

/// When an id was drawn (UUID v7), which is when the hold was made.
fn since(id: Uuid) -> DateTime<Utc> {
    let (seconds, nanos) = id.get_timestamp().map(|stamp| stamp.to_unix()).unwrap_or_default();
    DateTime::from_timestamp(i64::try_from(seconds).unwrap_or_default(), nanos).unwrap_or_default()
}
