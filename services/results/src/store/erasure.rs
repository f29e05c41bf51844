//! Erasure: keys, files and names go; that there was an order or a report stays, and says whose referral it was, and nobody's name.

use relais_platform::{
    Result,
    database::Unit,
    ids::{PatientId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// Forgets whose orders and reports a patient's are, and destroys what they say.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
    // Orders first: whoever hands a report in holds its order, so none comes in between.
    let query = sqlx::query_scalar!(
        "UPDATE service_order SET patient_id = NULL, data_key = NULL WHERE patient_id = $1 RETURNING id",
        patient.0,
    );
    let orders = query.with_operation("UPDATE", "service_order").fetch_all(unit.sql()).await?;
    destroy(unit, Some(patient), &orders).await
}

/// The same for a referral whose patient's record was erased, as its owner tells it: for whoever never heard of the erasure.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget_patient_of(unit: &mut Unit<'_>, referral: ReferralId) -> Result<()> {
    let query = sqlx::query_scalar!(
        r#"SELECT DISTINCT patient_id AS "patient_id!" FROM service_order WHERE referral_id = $1 AND patient_id IS NOT NULL"#,
        referral.0,
    );
    for patient in query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await? {
        forget_patient(unit, patient.into()).await?;
    }
    let query = sqlx::query_scalar!(
        "UPDATE service_order SET patient_id = NULL, data_key = NULL WHERE referral_id = $1 RETURNING id",
        referral.0,
    );
    let orders = query.with_operation("UPDATE", "service_order").fetch_all(unit.sql()).await?;
    destroy(unit, None, &orders).await
}

/// Destroys the keys of reports and removes files. What was put aside for this patient is given up with it: it belonged to nothing,
/// and its provider may hand it in again.
async fn destroy(unit: &mut Unit<'_>, patient: Option<PatientId>, orders: &[Uuid]) -> Result<()> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        "UPDATE report SET data_key = NULL, named_patient = NULL, update_time = $3,
                state = CASE state WHEN 'quarantined' THEN 'discarded' ELSE state END,
                discard_reason = CASE state WHEN 'quarantined' THEN 'patient-erased' ELSE discard_reason END
         WHERE (named_patient = $1 OR order_id = ANY($2)) AND data_key IS NOT NULL RETURNING id",
        patient.map(Uuid::from),
        orders,
        now,
    );
    let reports = query.with_operation("UPDATE", "report").fetch_all(unit.sql()).await?;
    let query = sqlx::query!("DELETE FROM attachment WHERE report_id = ANY($1)", &reports);
    query.with_operation("DELETE", "attachment").execute(unit.sql()).await?;
    let query = sqlx::query!("DELETE FROM attachment WHERE order_id = ANY($1)", orders);
    query.with_operation("DELETE", "attachment").execute(unit.sql()).await?;
    let query = sqlx::query!("DELETE FROM release_due WHERE report_id = ANY($1)", &reports);
    query.with_operation("DELETE", "release_due").execute(unit.sql()).await?;
    Ok(())
}
