//! Reports and their versions.

mod list;
mod queue;
mod release;
mod version;

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Kind, Violation, broken_constraint},
    ids::ReportId,
    parties::Party,
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

pub use list::{list, list_all, list_names_of, list_of, list_of_orders, list_quarantined};
pub use queue::{Due, count_due, enqueue, forget, is_any_due, postpone, take_due};
pub use release::{
    acknowledge, find_release, insert_release, list_all_releases, list_releases, list_releases_ever, mark_read,
    withdraw,
};
pub use version::{Issue, Standing, find_version, insert_issue, insert_version, list_issues, list_versions, standings};

use crate::domain::report::{Named, Quarantine, Report, ReportState};

struct Row {
    id: Uuid,
    revision: i64,
    state: String,
    provider_id: Uuid,
    accession_number: String,
    order_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    referral_number: String,
    named_order: Uuid,
    named_number: String,
    named_patient: Option<Uuid>,
    quarantine: String,
    discard_reason: String,
    last_version: i64,
    shown_version: i64,
    data_key: Option<Vec<u8>>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Report {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let quarantine = (!row.quarantine.is_empty()).then(|| Quarantine::stored(&row.quarantine));
        Ok(Self {
            id: row.id.into(),
            revision: row.revision,
            state: ReportState::stored(&row.state)?,
            provider: row.provider_id.into(),
            accession_number: row.accession_number,
            order: row.order_id.map(Into::into),
            referral: row.referral_id.map(Into::into),
            referral_number: row.referral_number,
            named: Named {
                order: row.named_order.into(),
                number: row.named_number,
                patient: row.named_patient.map(Into::into),
            },
            quarantine: quarantine.transpose()?,
            discard_reason: row.discard_reason,
            last_version: row.last_version,
            shown_version: row.shown_version,
            key: row.data_key,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Keeps a new report.
///
/// # Errors
/// ALREADY_EXISTS when its provider has used the accession number.
pub async fn insert(unit: &mut Unit<'_>, report: &Report) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO report (id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number,
                             named_order, named_number, named_patient, quarantine, last_version, shown_version, data_key,
                             create_time, update_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
        report.id.0,
        report.revision,
        report.state.as_str(),
        report.provider.0,
        report.accession_number,
        report.order.map(Uuid::from),
        report.referral.map(Uuid::from),
        report.referral_number,
        report.named.order.0,
        report.named.number,
        report.named.patient.map(Uuid::from),
        report.quarantine.map(Quarantine::as_str).unwrap_or_default(),
        report.last_version,
        report.shown_version,
        report.key.as_deref(),
        report.create_time,
    );
    let done = query.with_operation("INSERT", "report").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("report_accession") => used(),
        _ => error.into(),
    })
}

fn used() -> Error {
    let violations = vec![Violation::new("accession_number", "was used for another report of yours")];
    Error { violations, ..Error::new(Kind::AlreadyExists, "ACCESSION_NUMBER_USED", "this accession number was used") }
}

/// Makes the pages of those who are parties of its referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_parties(unit: &mut Unit<'_>, report: &Report, parties: &[Party]) -> Result<()> {
    let organisations: Vec<Uuid> = parties.iter().map(|party| party.organisation.0).collect();
    let query = sqlx::query!(
        "INSERT INTO report_party (report_id, organisation_id, create_time)
         SELECT DISTINCT $1::uuid, p.id, $3::timestamptz FROM unnest($2::uuid[]) AS p(id)",
        report.id.0,
        &organisations,
        report.create_time,
    );
    query.with_operation("INSERT", "report_party").execute(unit.sql()).await?;
    Ok(())
}

/// Keeps what changed of a report since it had the revision `seen`.
///
/// # Errors
/// CONTENTION when somebody else changed it meanwhile: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, report: &Report, seen: i64) -> Result<()> {
    let query = sqlx::query!(
        // Whoever was forgotten meanwhile is not named again.
        "UPDATE report SET revision = $3, state = $4, order_id = $5, referral_id = $6, referral_number = $7, named_order = $8,
                named_number = $9, named_patient = CASE WHEN data_key IS NOT NULL THEN $10::uuid END, discard_reason = $11,
                last_version = $12, shown_version = $13, update_time = $14
         WHERE id = $1 AND revision = $2 AND state <> 'discarded'",
        report.id.0,
        seen,
        report.revision,
        report.state.as_str(),
        report.order.map(Uuid::from),
        report.referral.map(Uuid::from),
        report.referral_number,
        report.named.order.0,
        report.named.number,
        report.named.patient.map(Uuid::from),
        report.discard_reason,
        report.last_version,
        report.shown_version,
        report.update_time,
    );
    let done = query.with_operation("UPDATE", "report").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Gets a report of a referral that the caller is a party of, or that was laid before the caller's unit: a convention may name another
/// unit than the one that sends. Others are absent, and so is what was put aside.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: ReportId) -> Result<Report> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report r
         WHERE id = $1 AND (EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = r.referral_id AND p.organisation_id = $2
                 AND p.capacity = ANY($4::text[])
                 AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
           OR EXISTS (
             SELECT FROM report_release l WHERE l.report_id = r.id AND l.withdraw_time IS NULL AND l.organisation_id = $2
                 AND l.unit_id = $3))",
        id.0,
        scope.organisation,
        scope.unit,
        &scope.capacities,
    );
    let row = query.with_operation("SELECT", "report").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Report::try_from)
}

/// Gets a report that the caller's organisation handed in and that was put aside, whatever became of it.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_quarantined(unit: &mut Unit<'_>, id: ReportId) -> Result<Report> {
    let provider = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report WHERE id = $1 AND provider_id = $2 AND quarantine <> ''",
        id.0,
        provider.0,
    );
    let row = query.with_operation("SELECT", "report").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Report::try_from)
}

/// Gets a report of the caller's own organisation, however it stands: for the same request again.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_own(unit: &mut Unit<'_>, id: ReportId) -> Result<Report> {
    let provider = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report WHERE id = $1 AND provider_id = $2",
        id.0,
        provider.0,
    );
    let row = query.with_operation("SELECT", "report").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Report::try_from)
}

/// Gets a report for a worker, and locks it.
///
/// # Errors
/// NOT_FOUND.
pub async fn lock(unit: &mut Unit<'_>, id: ReportId) -> Result<Report> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report WHERE id = $1 FOR UPDATE",
        id.0,
    );
    let row = query.with_operation("SELECT", "report").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Report::try_from)
}
