//! Lists of reports.

use relais_platform::{
    Result,
    calls::PageRequest,
    database::Unit,
    ids::{AttachmentId, ReferralId, ReportId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::Row;
use crate::domain::report::Report;

/// Lists the reports of referrals that the caller is a party of, or that were laid before the caller's unit, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Report>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT r.id, r.revision, r.state, r.provider_id, r.accession_number, r.order_id, r.referral_id, r.referral_number,
                r.named_order, r.named_number, r.named_patient, r.quarantine, r.discard_reason, r.last_version,
                r.shown_version, r.data_key, r.create_time, r.update_time
         FROM report_party v JOIN report r ON r.id = v.report_id
         WHERE v.organisation_id = $1 AND (v.create_time, v.report_id) < ($3, $4)
           AND (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = r.referral_id AND p.organisation_id = $1
                              AND p.capacity = ANY($6::text[])
                              AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
             OR EXISTS (SELECT FROM report_release l WHERE l.report_id = r.id AND l.withdraw_time IS NULL
                              AND l.organisation_id = $1 AND l.unit_id = $2))
         ORDER BY v.create_time DESC, v.report_id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
    );
    let rows = query.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Lists the reports of a referral, if the caller is a party of it or they were laid before the caller's unit, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of(unit: &mut Unit<'_>, referral: ReferralId, page: &PageRequest) -> Result<Vec<Report>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT r.id, r.revision, r.state, r.provider_id, r.accession_number, r.order_id, r.referral_id, r.referral_number,
                r.named_order, r.named_number, r.named_patient, r.quarantine, r.discard_reason, r.last_version,
                r.shown_version, r.data_key, r.create_time, r.update_time
         FROM report r
         WHERE r.referral_id = $6 AND (r.create_time, r.id) < ($3, $4)
           AND (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = r.referral_id AND p.organisation_id = $1
                              AND p.capacity = ANY($7::text[])
                              AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
             OR EXISTS (SELECT FROM report_release l WHERE l.report_id = r.id AND l.withdraw_time IS NULL
                              AND l.organisation_id = $1 AND l.unit_id = $2))
         ORDER BY r.create_time DESC, r.id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        referral.0,
        &scope.capacities,
    );
    let rows = query.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Lists the reports of the caller's organisation that are put aside, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_quarantined(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Report>> {
    let provider = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT r.id, r.revision, r.state, r.provider_id, r.accession_number, r.order_id, r.referral_id, r.referral_number,
                r.named_order, r.named_number, r.named_patient, r.quarantine, r.discard_reason, r.last_version,
                r.shown_version, r.data_key, r.create_time, r.update_time
         FROM report r
         WHERE r.provider_id = $1 AND r.state = 'quarantined' AND (r.create_time, r.id) < ($2, $3)
         ORDER BY r.create_time DESC, r.id DESC LIMIT $4",
        provider.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Lists reports by id, those after `after`: for a snapshot, which no caller's parties limit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Report>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report WHERE id > $1 ORDER BY id LIMIT $2",
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Lists the reports that answer some orders, in the order in which they came.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of_orders(unit: &mut Unit<'_>, orders: &[Uuid]) -> Result<Vec<Report>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, revision, state, provider_id, accession_number, order_id, referral_id, referral_number, named_order,
                named_number, named_patient, quarantine, discard_reason, last_version, shown_version, data_key, create_time,
                update_time
         FROM report WHERE order_id = ANY($1) ORDER BY create_time, id",
        orders,
    );
    let rows = query.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Report::try_from).collect()
}

/// The names of some referrals' reports and of all files that hang on them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_names_of(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<String>> {
    let reports = sqlx::query_scalar!("SELECT id FROM report WHERE referral_id = ANY($1)", referrals);
    let reports = reports.with_operation("SELECT", "report").fetch_all(unit.sql()).await?;
    let files = sqlx::query_scalar!(
        "SELECT id FROM attachment WHERE report_id = ANY($1)
         UNION ALL
         SELECT a.id FROM attachment a JOIN service_order o ON o.id = a.order_id WHERE o.referral_id = ANY($2)",
        &reports,
        referrals,
    );
    let files = files.with_operation("SELECT", "attachment").fetch_all(unit.sql()).await?;
    let reports = reports.into_iter().map(|id| ReportId(id).to_string());
    Ok(reports.chain(files.into_iter().flatten().map(|id| AttachmentId(id).to_string())).collect())
}
