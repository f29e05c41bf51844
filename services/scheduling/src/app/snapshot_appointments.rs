//! Tells the present state of all appointments, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit};
use relais_proto::events::v1;
use uuid::Uuid;

use crate::{
    domain::{Appointment, State},
    store,
};

/// The next appointments by id, each as the events that lead to its present state.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_appointments(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let appointments = store::list_all(unit, after, limit).await?;
    Ok(appointments.iter().map(snapshot).collect())
}

fn snapshot(appointment: &Appointment) -> Snapshot {
    let (name, referral) = (appointment.id.to_string(), appointment.referral.to_string());
    let opening = v1::AppointmentProposed { appointment: name.clone(), referral: referral.clone() };
    let end = (appointment.state == State::Cancelled)
        .then(|| v1::AppointmentCancelled { appointment: name, referral, ..Default::default() }.into());
    Snapshot {
        id: appointment.id.0,
        version: appointment.version,
        events: [opening.into()].into_iter().chain(end).collect(),
    }
}
