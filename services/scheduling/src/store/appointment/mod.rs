//! Appointments, each with its versions.
//!
//! The row of an appointment is what constraints speak of; a row of `appointment_change` is a version as it was. Both are written
//! by one statement. One that is pending is stored as a booked one that awaits its judgement: what the database keeps of a booking, it
//! keeps of that.

mod history;
mod hold;
mod judgement;
mod new;
mod row;

pub use history::{list_holds, list_versions};
pub use hold::{get_held, insert_hold};
pub use judgement::{find_booked_slot, find_lead, is_busy, note_lead};
pub use new::NewAppointments;

use relais_platform::{
    Error, Result,
    calls::{Caller, PageRequest},
    database::Unit,
    error::{Violation, broken_constraint},
    ids::{AppointmentId, PatientId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Appointment, State};

/// Keeps an appointment's next version.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again. FAILED_PRECONDITION when its patient is
/// somewhere else at that time.
pub async fn save(unit: &mut Unit<'_>, appointment: &Appointment) -> Result<()> {
    let (actor, time) = (actor(unit), appointment.time.as_ref());
    let awaiting = appointment.state == State::Pending;
    let state = if awaiting { State::Booked } else { appointment.state };
    let query = sqlx::query!(
        "WITH a AS (
             UPDATE appointment SET state = $2, version = $3, slot_id = $4, slot_site_id = $5, start_time = $6, end_time = $7,
                 time_zone = $8, confirmed = $9, walk_in = $10, reason = $11, cancelled_by = $12, update_time = $13
             WHERE id = $1 AND version = $3::bigint - 1 RETURNING id
         )
         INSERT INTO appointment_change (appointment_id, version, state, slot_id, slot_site_id, start_time, end_time, time_zone,
                                         confirmed, walk_in, reason, cancelled_by, at, actor, awaiting)
         SELECT a.id, $3, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 FROM a",
        appointment.id.0,
        state.as_str(),
        appointment.version,
        time.map(|time| time.slot.0),
        time.map(|time| time.site.id.0),
        time.map(|time| time.start),
        time.map(|time| time.end),
        time.map(|time| time.time_zone.as_str()),
        appointment.confirmed,
        appointment.walk_in,
        appointment.reason,
        appointment.cancelled_by.map(|organisation| organisation.0),
        appointment.update_time,
        actor,
        awaiting,
    );
    let done = query.with_operation("UPDATE", "appointment").execute(unit.sql()).await.map_err(refused)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

fn refused(error: sqlx::Error) -> Error {
    match broken_constraint(&error) {
        Some("appointment_patient_busy") => {
            let rule = Violation::new("patient-busy", "the patient has another appointment at that time");
            Error::refused("APPOINTMENT_RULE", vec![rule])
        }
        _ => error.into(),
    }
}

/// Who changes it; nobody when an event or a timer does.
fn actor(unit: &Unit<'_>) -> String {
    unit.caller().map(Caller::key).unwrap_or_default()
}

/// Notes for which beginning the patient was reminded; false when that was done before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_reminded(unit: &mut Unit<'_>, id: AppointmentId) -> Result<bool> {
    let query = sqlx::query!(
        "UPDATE appointment SET reminded_for = start_time WHERE id = $1 AND reminded_for IS DISTINCT FROM start_time",
        id.0,
    );
    let done = query.with_operation("UPDATE", "appointment").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}

/// Gets an appointment of a referral that the caller is a party of; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Appointment> {
    get_at(unit, id, None).await
}

/// As [`get`], as it was in `version`.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_at(unit: &mut Unit<'_>, id: AppointmentId, version: Option<i64>) -> Result<Appointment> {
    row::select(unit, &[id.0], version).await?.pop().ok_or_else(|| Error::not_found(id))
}

/// As [`get`], also for a caller who opened the referral's file and whose time has not run out.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_or_opened(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Appointment> {
    row::select_or_opened(unit, &[id.0]).await?.pop().ok_or_else(|| Error::not_found(id))
}

/// As [`get`], and nobody else changes it until the unit ends.
///
/// # Errors
/// NOT_FOUND.
pub async fn lock(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Appointment> {
    let query = sqlx::query_scalar!("SELECT id FROM appointment WHERE id = $1 FOR UPDATE", id.0);
    query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await?;
    get(unit, id).await
}

/// Finds an appointment, whosever it is, and nobody else changes it until the unit ends: for timers.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Option<Appointment>> {
    let query = sqlx::query_scalar!("SELECT id FROM appointment WHERE id = $1 FOR UPDATE", id.0);
    query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await?;
    Ok(row::select_all(unit, &[id.0]).await?.pop())
}

/// Finds the open appointment of a referral, and nobody else changes it until the unit ends.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_open(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<Appointment>> {
    let query = sqlx::query_scalar!(
        "SELECT id FROM appointment WHERE referral_id = $1 AND state IN ('proposed', 'booked', 'arrived') FOR UPDATE",
        referral.0,
    );
    match query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await? {
        Some(id) => Ok(row::select_all(unit, &[id]).await?.pop()),
        None => Ok(None),
    }
}

/// Whether a referral's patient was seen.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_fulfilled(unit: &mut Unit<'_>, referral: ReferralId) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM appointment WHERE referral_id = $1 AND state = 'fulfilled') AS "is!""#,
        referral.0,
    );
    Ok(query.with_operation("SELECT", "appointment").fetch_one(unit.sql()).await?)
}

/// Lists the appointments that the caller may see, the most recent first; of one referral, when it is named: also of one whose
/// file the caller opened.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, referral: Option<ReferralId>, page: &PageRequest) -> Result<Vec<Appointment>> {
    match referral {
        Some(referral) => {
            let ids = list_ids_of(unit, referral, page).await?;
            row::select_or_opened(unit, &ids).await
        }
        None => {
            let ids = list_ids(unit, page).await?;
            row::select(unit, &ids, None).await
        }
    }
}

async fn list_ids(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Uuid>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT a.id FROM appointment_party v JOIN appointment a ON a.id = v.appointment_id
         WHERE v.organisation_id = $1 AND (v.create_time, v.appointment_id) < ($3, $4)
           AND EXISTS (SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $1
                       AND p.capacity = ANY($6::text[])
                       AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
         ORDER BY v.create_time DESC, v.appointment_id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
    );
    Ok(query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?)
}

async fn list_ids_of(unit: &mut Unit<'_>, referral: ReferralId, page: &PageRequest) -> Result<Vec<Uuid>> {
    let query = sqlx::query_scalar!(
        "SELECT id FROM appointment WHERE referral_id = $1 AND (create_time, id) < ($2, $3)
         ORDER BY create_time DESC, id DESC LIMIT $4",
        referral.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    Ok(query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?)
}

/// Lists the appointments of referrals that the caller's organisation sent for a patient, of all its units.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<Vec<Appointment>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT a.id FROM appointment a JOIN referral_party p ON p.referral_id = a.referral_id AND p.capacity = 'referrer'
         WHERE a.patient_id = $1 AND p.organisation_id = $2",
        patient.0,
        scope.organisation,
    );
    let ids = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    row::select_all(unit, &ids).await
}

/// Lists appointments of all parties by id, those after `after`: for a snapshot, which no caller's parties limit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Appointment>> {
    let query = sqlx::query_scalar!("SELECT id FROM appointment WHERE id > $1 ORDER BY id LIMIT $2", after, limit);
    let ids = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    let mut found = row::select_all(unit, &ids).await?;
    found.sort_unstable_by_key(|appointment| appointment.id);
    Ok(found)
}
