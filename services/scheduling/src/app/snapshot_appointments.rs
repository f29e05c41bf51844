//! Tells the present state of all appointments, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit};
use uuid::Uuid;

use super::tell::snapshot;
use crate::store;

/// The next appointments by id, each as the events that lead to its present state.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_appointments(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let appointments = store::appointment::list_all(unit, after, limit).await?;
    Ok(appointments.iter().map(snapshot).collect())
}
