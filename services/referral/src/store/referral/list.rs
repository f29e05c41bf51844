//! Pages of referrals: of a party, of its work, of a patient; and all of them, for who rebuilds.

use relais_platform::{
    Result,
    calls::PageRequest,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::Row;
use crate::domain::referral::{Party, Referral, Situation, State};

/// What a page is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those in one of these states; none: in any.
    pub states: Vec<State>,
    /// Those whose next step is overdue.
    pub overdue: bool,
    /// Those whose next step is the caller's organisation's.
    pub owned: bool,
    /// Those of a patient of the caller's organisation.
    pub patient: Option<PatientId>,
}

/// The ids of a page of the caller's referrals, the most recent first. Each way to ask has an index of its own.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids(unit: &mut Unit<'_>, filter: &Filter, page: &PageRequest) -> Result<Vec<Uuid>> {
    match filter {
        Filter { patient: Some(_), .. } => list_of_patient(unit, filter, page).await,
        Filter { owned: true, .. } => list_owned(unit, filter, page).await,
        Filter { overdue: true, .. } => list_overdue(unit, filter, page).await,
        Filter { states, .. } if states.is_empty() => list_recent(unit, page).await,
        Filter { .. } => list_in_states(unit, filter, page).await,
    }
}

async fn list_recent(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Uuid>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT DISTINCT ON (create_time, referral_id) referral_id FROM referral_party
         WHERE organisation_id = $1 AND capacity = ANY($6::text[]) AND ($2::uuid IS NULL OR unit_id IS NULL OR unit_id = $2)
           AND (create_time, referral_id) < ($3, $4)
         ORDER BY create_time DESC, referral_id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
    );
    Ok(query.with_operation("SELECT", "referral_party").fetch_all(unit.sql()).await?)
}

async fn list_in_states(unit: &mut Unit<'_>, filter: &Filter, page: &PageRequest) -> Result<Vec<Uuid>> {
    let (scope, states) = (unit.scope()?, filter.states());
    let query = sqlx::query_scalar!(
        "SELECT DISTINCT ON (p.create_time, p.referral_id) p.referral_id
         FROM referral_party p JOIN referral r ON r.id = p.referral_id
         WHERE p.organisation_id = $1 AND p.capacity = ANY($6::text[]) AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2)
           AND (p.create_time, p.referral_id) < ($3, $4) AND r.state = ANY($7)
         ORDER BY p.create_time DESC, p.referral_id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
        &states,
    );
    Ok(query.with_operation("SELECT", "referral_party").fetch_all(unit.sql()).await?)
}

async fn list_owned(unit: &mut Unit<'_>, filter: &Filter, page: &PageRequest) -> Result<Vec<Uuid>> {
    let (scope, states) = (unit.scope()?, filter.states());
    let query = sqlx::query_scalar!(
        "SELECT r.id FROM referral r
         WHERE r.owner_id = $1 AND (r.create_time, r.id) < ($3, $4) AND ($7::text[] = '{}' OR r.state = ANY($7))
           AND (r.overdue OR NOT $8) AND EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $1
                 AND p.capacity = ANY($6::text[]) AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
         ORDER BY r.create_time DESC, r.id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
        &states,
        filter.overdue,
    );
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

async fn list_overdue(unit: &mut Unit<'_>, filter: &Filter, page: &PageRequest) -> Result<Vec<Uuid>> {
    let (scope, states) = (unit.scope()?, filter.states());
    let query = sqlx::query_scalar!(
        "SELECT r.id FROM referral r
         WHERE r.overdue AND (r.create_time, r.id) < ($3, $4) AND ($7::text[] = '{}' OR r.state = ANY($7)) AND EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $1
                 AND p.capacity = ANY($6::text[]) AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
         ORDER BY r.create_time DESC, r.id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
        &states,
    );
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

/// A patient is the referrer's: to all others there are none.
async fn list_of_patient(unit: &mut Unit<'_>, filter: &Filter, page: &PageRequest) -> Result<Vec<Uuid>> {
    let (scope, states) = (unit.scope()?, filter.states());
    let query = sqlx::query_scalar!(
        "SELECT r.id FROM referral r
         WHERE r.patient_id = $9 AND r.referrer_id = $1 AND (r.create_time, r.id) < ($3, $4)
           AND ($7::text[] = '{}' OR r.state = ANY($7)) AND (r.overdue OR NOT $8) AND (r.owner_id = $1 OR NOT $10) AND EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $1
                 AND p.capacity = ANY($6::text[]) AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
         ORDER BY r.create_time DESC, r.id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
        &states,
        filter.overdue,
        filter.patient.map(|patient| patient.0),
        filter.owned,
    );
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

impl Filter {
    fn states(&self) -> Vec<String> {
        self.states.iter().map(|state| state.as_str().into()).collect()
    }
}

/// The referrals of these ids, whoever their parties are: for who applies events, keeps deadlines or rebuilds.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Referral>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.number, t.state, t.version, r.convention_id, r.convention_version, r.service_system,
                  r.service_code, r.referrer_id, r.referrer_unit_id, r.patient_id, r.provider_id, r.site_id,
                  r.prescriber_id, r.requested_date, r.priority,
                  r.situation AS "situation: Json<Situation>", r.create_time, t.at AS update_time, t.previous, t.reason,
                  t.alternative, t.next_step, t.due_at, t.cause = 'overdue' OR t.overdue AS "overdue!", r.replaces_id,
                  r.booking_from, r.booking_until, r.booking_sites, t.offer_expire_time,
                  s.bearer AS "bearer!",
                  CASE WHEN s.bearer IN ('funder', 'grant')
                      THEN funder_of(r.convention_id, r.convention_version) END AS "funder_id?",
                  CASE WHEN t.state IN ('attended', 'results-available', 'completed')
                      THEN done_of(r.id, t.version) END AS "done_at?",
                  a.state AS "appointment_state?", a.end_at AS "appointment_end?", a.site_id AS "appointment_site?",
                  results_of(r.id) AS "results!",
                  a.appointment_id AS "appointment_id?",
                  parties_of(r.id) AS "parties!: Json<Vec<Party>>"
           FROM referral r
           JOIN referral_transition t ON t.referral_id = r.id AND t.version = r.version
           LEFT JOIN convention_service s ON s.convention_id = r.convention_id AND s.version = r.convention_version
               AND s.system = r.service_system AND s.code = r.service_code
           LEFT JOIN referral_appointment a ON a.referral_id = r.id
           WHERE r.id = ANY($1) ORDER BY r.id"#,
        ids,
    );
    let rows = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Referral::try_from).collect()
}

/// The ids of the next referrals of all parties by id: for a snapshot.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_next(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    let query = sqlx::query_scalar!("SELECT id FROM referral WHERE id > $1 ORDER BY id LIMIT $2", after, limit);
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

/// Ids of the referrals that an organisation sent for some patients, of all its units.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids_of_patients(
    unit: &mut Unit<'_>,
    referrer: OrganisationId,
    patients: &[Uuid],
) -> Result<Vec<Uuid>> {
    let query = sqlx::query_scalar!(
        "SELECT id FROM referral WHERE referrer_id = $1 AND patient_id = ANY($2) ORDER BY create_time DESC",
        referrer.0,
        patients,
    );
    Ok(query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?)
}

/// Those of `ids` that the caller is a party of.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_visible(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT DISTINCT referral_id FROM referral_party
         WHERE referral_id = ANY($1) AND organisation_id = $2 AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)",
        ids,
        scope.organisation,
        scope.unit,
    );
    Ok(query.with_operation("SELECT", "referral_party").fetch_all(unit.sql()).await?)
}
