//! What other services told of referrals.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::{AppointmentId, ReferralId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{AppointmentState, ReportStatus, Results};

/// One thing that was told: a version of what another service keeps.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Of which referral.
    pub referral: ReferralId,
    /// `appointment` or `report`.
    pub kind: &'static str,
    /// Of which of them.
    pub subject: Uuid,
    /// Its version.
    pub version: i64,
    /// What it came to.
    pub state: &'static str,
    /// When an appointment begins.
    pub start: Option<DateTime<Utc>>,
    /// Where it is.
    pub site: Option<SiteId>,
    /// When it happened.
    pub time: DateTime<Utc>,
}

/// Keeps what was told; says whether it is new: an appointment that stands where it stood, at the same time and place, is
/// not. Of a referral
/// that does not exist it breaks the foreign key: the message is held back and attached to nothing.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_fact(unit: &mut Unit<'_>, told: &Told) -> Result<bool> {
    let query = sqlx::query!(
        "INSERT INTO referral_fact (id, referral_id, kind, subject_id, version, state, start_at, at, site_id)
         SELECT $1::uuid, $2::uuid, $3::text, $4::uuid, $5::bigint, $6::text, $7::timestamptz, $8::timestamptz, $9::uuid
         WHERE $3 <> 'appointment' OR NOT EXISTS (
             SELECT FROM (SELECT f.state, f.start_at, f.site_id FROM referral_fact f WHERE f.kind = $3 AND f.subject_id = $4
                          ORDER BY f.version DESC LIMIT 1) AS last
             WHERE last.state = $6 AND last.start_at IS NOT DISTINCT FROM $7
               AND last.site_id IS NOT DISTINCT FROM $9)
         ON CONFLICT (kind, subject_id, version) DO NOTHING",
        Uuid::now_v7(),
        told.referral.0,
        told.kind,
        told.subject,
        told.version,
        told.state,
        told.start,
        told.time,
        told.site.map(|site| site.0),
    );
    let done = query.with_operation("INSERT", "referral_fact").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes where an appointment stands; says whether that counts. Names of appointments grow with time: what is told late of an
/// earlier one does not hide a later one that has a time, nor is it hidden by one that is only proposed. That one keeps its
/// place in the note, unless the earlier one is `kept` after all, though it was said to be missed. Of one that does not count, its
/// end and its site do not count either.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_appointment(
    unit: &mut Unit<'_>,
    referral: ReferralId,
    appointment: AppointmentId,
    (state, kept): (AppointmentState, bool),
    (end, site): (Option<DateTime<Utc>>, Option<SiteId>),
) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"WITH noted AS (
             INSERT INTO referral_appointment (referral_id, appointment_id, state, end_at, site_id) VALUES ($1, $2, $3, $4, $6)
             ON CONFLICT (referral_id) DO UPDATE
             SET appointment_id = EXCLUDED.appointment_id, state = EXCLUDED.state, end_at = EXCLUDED.end_at,
                 site_id = EXCLUDED.site_id
             WHERE referral_appointment.appointment_id = EXCLUDED.appointment_id
                OR (EXCLUDED.state NOT IN ('cancelled', 'entered-in-error')
                    AND (referral_appointment.appointment_id < EXCLUDED.appointment_id
                         OR referral_appointment.state IN ('cancelled', 'entered-in-error')
                         OR (referral_appointment.state = 'proposed' AND $5)))
             RETURNING referral_id
         )
         SELECT EXISTS (SELECT FROM noted) OR EXISTS (
             SELECT FROM referral_appointment a
             WHERE a.referral_id = $1 AND a.appointment_id > $2 AND a.state = 'proposed') AS "counts!""#,
        referral.0,
        appointment.0,
        state.as_str(),
        end,
        kept,
        site.map(|site| site.0),
    );
    Ok(query.with_operation("INSERT", "referral_appointment").fetch_one(unit.sql()).await?)
}

/// Whether a report was whole in a version noted before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn was_whole(unit: &mut Unit<'_>, report: Uuid) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM referral_report WHERE report_id = $1 AND status IN ('final', 'amended', 'corrected'))
               AS "whole!""#,
        report,
    );
    Ok(query.with_operation("SELECT", "referral_report").fetch_one(unit.sql()).await?)
}

/// Notes a version of a report, which nobody has read yet. An older version than the one noted changes nothing.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_report(
    unit: &mut Unit<'_>,
    referral: ReferralId,
    report: Uuid,
    version: i64,
    (status, critical): (ReportStatus, bool),
) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO referral_report (report_id, referral_id, report_version, status, acknowledged, critical)
         VALUES ($1, $2, $3, $4, false, $5)
         ON CONFLICT (report_id) DO UPDATE
         SET report_version = EXCLUDED.report_version, status = EXCLUDED.status, acknowledged = false,
             critical = EXCLUDED.critical
         WHERE referral_report.report_version < EXCLUDED.report_version",
        report,
        referral.0,
        version,
        status.as_str(),
        critical,
    );
    query.with_operation("INSERT", "referral_report").execute(unit.sql()).await?;
    Ok(())
}

/// Notes that a version of a report was read, if it is the last.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_acknowledgement(unit: &mut Unit<'_>, report: Uuid, version: i64) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE referral_report SET acknowledged = true WHERE report_id = $1 AND report_version = $2",
        report,
        version,
    );
    query.with_operation("UPDATE", "referral_report").execute(unit.sql()).await?;
    Ok(())
}

/// How the reports of a referral stand.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn results_of(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Results> {
    let query = sqlx::query_scalar!(r#"SELECT results_of($1) AS "results!""#, referral.0);
    Results::stored(&query.with_operation("SELECT", "referral_report").fetch_one(unit.sql()).await?)
}

/// Appointments that were opened, written by one statement for a whole batch. A message for a referral that does not exist
/// breaks the foreign key: it is held back.
#[derive(Debug, Default)]
pub struct OpenedAppointments(HashMap<Uuid, Uuid>);

impl OpenedAppointments {
    /// Notes an appointment, unless a later one is known.
    pub fn note(&mut self, referral: ReferralId, appointment: AppointmentId) {
        let noted = self.0.entry(referral.0).or_insert(appointment.0);
        *noted = appointment.0.max(*noted);
    }
}

impl Rows for OpenedAppointments {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let mut notes: Vec<_> = self.0.into_iter().collect();
        // In one order in every unit, so that none waits for another that waits for it.
        notes.sort_unstable();
        let (referrals, appointments): (Vec<Uuid>, Vec<Uuid>) = notes.into_iter().unzip();
        let query = sqlx::query!(
            "INSERT INTO referral_appointment (referral_id, appointment_id, state)
             SELECT referral, appointment, 'proposed' FROM unnest($1::uuid[], $2::uuid[]) AS opened(referral, appointment)
             ON CONFLICT (referral_id) DO UPDATE SET appointment_id = EXCLUDED.appointment_id, state = 'proposed', end_at = NULL,
                 site_id = NULL
             WHERE referral_appointment.appointment_id < EXCLUDED.appointment_id",
            &referrals,
            &appointments,
        );
        query.with_operation("INSERT", "referral_appointment").execute(unit.sql()).await?;
        Ok(())
    }
}
