//! Referrals with their parties and their timeline.

mod account;
mod alike;
mod booking;
mod fact;
mod file_access;
mod file_review;
mod list;
mod place;
mod sent;
mod timeline;
mod waiting;
mod waiting_list;

pub use account::{Named, find_sent_by_caller, list_named};
pub use alike::list_open_alike;
pub use booking::{list_booked_beyond, set_booking};
pub use fact::{
    OpenedAppointments, Told, insert_fact, note_acknowledgement, note_appointment, note_report, results_of, was_whole,
};
pub use file_access::{count_since, find_access, find_file, find_live, insert_access, list_accesses_to};
pub use file_review::{get_held, insert_review, list_held};
pub use list::{Filter, list_all, list_ids, list_ids_of_patients, list_next, list_visible};
pub use place::is_place;
pub use sent::get_sent;
pub use timeline::{get_last_step, list_entries, list_facts, list_page_of_transitions, list_transitions};

pub use waiting::{
    delete_waiting, find_first, find_meter, find_of_meter, find_waiting, insert_waiting, is_continuing,
    list_awaited_meters, move_waiting, save_waiting, take_freed, waited_since, wake_waiting,
};
pub use waiting_list::{Listed, list_waiting};

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Kind, Violation, broken_constraint},
    ids::{Child, OrganisationId, ReferralId},
    parties::Capacity,
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{
    convention::Bearer,
    referral::{AppointmentState, Facts, NextStep, Number, Party, Priority, Referral, Results, Situation, State, Step},
};

struct Row {
    id: Uuid,
    number: String,
    state: String,
    version: i64,
    convention_id: Uuid,
    convention_version: i64,
    service_system: String,
    service_code: String,
    referrer_id: Uuid,
    referrer_unit_id: Option<Uuid>,
    patient_id: Uuid,
    provider_id: Uuid,
    site_id: Option<Uuid>,
    prescriber_id: Option<Uuid>,
    requested_date: NaiveDate,
    priority: String,
    situation: Json<Situation>,
    parties: Json<Vec<Party>>,
    appointment_id: Option<Uuid>,
    appointment_state: Option<String>,
    appointment_end: Option<DateTime<Utc>>,
    appointment_site: Option<Uuid>,
    results: String,
    previous: Option<String>,
    reason: String,
    alternative: String,
    next_step: Option<String>,
    due_at: Option<DateTime<Utc>>,
    overdue: bool,
    replaces_id: Option<Uuid>,
    booking_from: Option<NaiveDate>,
    booking_until: Option<NaiveDate>,
    booking_sites: Option<Vec<Uuid>>,
    bearer: String,
    funder_id: Option<Uuid>,
    offer_expire_time: Option<DateTime<Utc>>,
    done_at: Option<DateTime<Utc>>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Referral {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let number = Number::parse(&row.number);
        let (referrer, provider) = (OrganisationId(row.referrer_id), OrganisationId(row.provider_id));
        let appointment = row.appointment_state.as_deref().map(AppointmentState::stored).transpose()?;
        let (appointment_end, results) = (row.appointment_end, Results::stored(&row.results)?);
        let appointment_site = row.appointment_site.map(Into::into);
        let facts = Facts { appointment, appointment_end, appointment_site, results };
        let state = State::stored(&row.state)?;
        let next_step = row.next_step.as_deref().map(NextStep::stored).transpose()?;
        Ok(Self {
            id: row.id.into(),
            number: number.ok_or_else(|| Error::internal(anyhow::anyhow!("a stored number does not check")))?,
            state,
            version: row.version,
            convention: row.convention_id.into(),
            convention_version: row.convention_version,
            service_system: row.service_system,
            service_code: row.service_code,
            referrer,
            referrer_unit: row.referrer_unit_id.map(Into::into),
            patient: row.patient_id.into(),
            provider,
            site: row.site_id.map(|id| Child::new(provider, id.into())),
            prescriber: row.prescriber_id.map(|id| Child::new(referrer, id.into())),
            requested_date: row.requested_date,
            priority: Priority::stored(&row.priority)?,
            situation: row.situation.0,
            parties: row.parties.0,
            appointment: row.appointment_id.map(Into::into),
            facts,
            previous: row.previous.as_deref().map(State::stored).transpose()?,
            reason: row.reason,
            alternative: row.alternative,
            // A step of before was the state's.
            next_step: next_step.or_else(|| state.next_step(&Facts::default())),
            due_time: row.due_at,
            overdue: row.overdue,
            bearer: Bearer::stored(&row.bearer)?,
            funder: row.funder_id.map(Into::into),
            done_time: row.done_at,
            replaces: row.replaces_id.map(Into::into),
            booking_days: row.booking_from.zip(row.booking_until),
            booking_sites: row.booking_sites.map(|sites| sites.into_iter().map(Into::into).collect()),
            offer_expire_time: row.offer_expire_time,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Stores a new referral with its parties and the first row of its timeline, in one statement.
///
/// # Errors
/// What the foreign keys say of the caller's references: NOT_FOUND or INVALID_ARGUMENT.
pub async fn insert(unit: &mut Unit<'_>, referral: &Referral, by: (OrganisationId, Capacity)) -> Result<()> {
    let (actor, parties, sites) = (unit.caller()?.key(), Json(&referral.parties), booking::sites(referral));
    let query = sqlx::query!(
        "WITH r AS (
             INSERT INTO referral (id, number, state, version, convention_id, convention_version, service_system,
                 service_code, referrer_id, referrer_unit_id, patient_id, provider_id, site_id, prescriber_id,
                 requested_date, priority, create_time, update_time, owner_id, due_at, replaces_id, situation, booking_from, booking_until,
                 booking_sites)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $20, $21, $22, $26, $28, $29, $30)
         ), p AS (
             INSERT INTO referral_party (referral_id, referrer_id, organisation_id, unit_id, capacity, create_time)
             SELECT $1, $9, p.organisation, p.unit, p.capacity, $17
             FROM jsonb_to_recordset($18) AS p(organisation uuid, unit uuid, capacity text)
         )
         INSERT INTO referral_transition (referral_id, version, state, at, actor, id, organisation_id, capacity, due_at, next_step)
         VALUES ($1, $4, $3, $17, $19, $23, $24, $25, $21, $27)",
        referral.id.0,
        referral.number.as_str(),
        referral.state.as_str(),
        referral.version,
        referral.convention.0,
        referral.convention_version,
        referral.service_system,
        referral.service_code,
        referral.referrer.0,
        referral.referrer_unit.map(|unit| unit.0),
        referral.patient.0,
        referral.provider.0,
        referral.site.map(|site| site.id.0),
        referral.prescriber.map(|prescriber| prescriber.id.0),
        referral.requested_date,
        referral.priority.as_str(),
        referral.create_time,
        parties as _,
        actor,
        referral.owner().map(|owner| owner.0),
        referral.due_time,
        referral.replaces.map(|replaced| replaced.0),
        Uuid::now_v7(),
        by.0.0,
        by.1.as_str(),
        Json(&referral.situation) as _,
        referral.next_step.map(NextStep::as_str),
        referral.booking_days.map(|(from, _)| from),
        referral.booking_days.map(|(_, until)| until),
        sites.as_deref(),
    );
    let done = query.with_operation("INSERT", "referral").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| refused(referral, error))
}

/// The database refuses what names somebody else's or nothing: absent and not yours read alike.
fn refused(referral: &Referral, error: sqlx::Error) -> Error {
    let field = |name: &str, rule: &str| Error::invalid(vec![Violation::new(format!("referral.{name}"), rule)]);
    match broken_constraint(&error) {
        Some("referral_referrer_id_patient_id_fkey") => Error::not_found(referral.patient),
        Some("referral_provider_id_site_id_fkey") => field("site", "must be a site of the provider"),
        Some("referral_referrer_id_prescriber_id_fkey") => {
            field("prescriber", "must be a practitioner of your organisation")
        }
        Some("referral_referrer_id_referrer_unit_id_fkey" | "referral_party_organisation_id_unit_id_fkey") => {
            Error::denied("your unit is not in the directory")
        }
        // Two numbers out of 2^50 fell together: the caller's next try draws another.
        Some("referral_number_key") => Error::new(Kind::Unavailable, "NUMBER_TAKEN", "try again"),
        _ => error.into(),
    }
}

/// Keeps a referral's next version, with its row in the timeline and what was said beside it.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, referral: &Referral, step: &Step) -> Result<()> {
    // An event or a deadline has no caller.
    let actor = unit.caller().map_or_else(|_| "system".to_string(), |caller| caller.key());
    let query = sqlx::query!(
        "WITH r AS (
             UPDATE referral SET state = $2, version = $3, update_time = $4, owner_id = $8, due_at = $9, overdue = $10
             WHERE id = $1 AND version = $3::bigint - 1 RETURNING id
         ), n AS (
             INSERT INTO referral_note (referral_id, version, note) SELECT r.id, $3, $18::text FROM r WHERE $18 <> ''
         )
         INSERT INTO referral_transition (referral_id, version, state, reason, at, actor, appointment_id, due_at, id, previous,
                                          cause, organisation_id, capacity, alternative, items, next_step, overdue, offer_expire_time)
         SELECT r.id, $3, $2, $5, $4, $6, $7, $9, $11, $12, $13, $14, $15, $16, $17, $19, $10, $20 FROM r",
        referral.id.0,
        referral.state.as_str(),
        referral.version,
        referral.update_time,
        referral.reason,
        actor,
        referral.appointment.map(|appointment| appointment.0),
        referral.owner().map(|owner| owner.0),
        referral.due_time,
        referral.overdue,
        Uuid::now_v7(),
        referral.previous.map(State::as_str),
        step.cause.as_str(),
        step.by.map(|(organisation, _)| organisation.0),
        step.by.map(|(_, capacity)| capacity.as_str()),
        referral.alternative,
        &step.items,
        step.note,
        referral.next_step.map(NextStep::as_str),
        referral.offer_expire_time,
    );
    let done = query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Gets a referral that the caller is a party of; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: ReferralId) -> Result<Referral> {
    get_at(unit, id, None).await
}

/// As [`get`], as it was in `version`: the timeline keeps what changed.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_at(unit: &mut Unit<'_>, id: ReferralId, version: Option<i64>) -> Result<Referral> {
    let found = list_by_id(unit, &[id.0], version).await?.pop();
    found.ok_or_else(|| Error::not_found(id))
}

/// As [`get`], also for a caller who opened its file and whose time has not run out.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_or_opened(unit: &mut Unit<'_>, id: ReferralId) -> Result<Referral> {
    let found = select(unit, &[id.0], None, true).await?.pop();
    found.ok_or_else(|| Error::not_found(id))
}

/// As [`get`], by the number that people say.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_by_number(unit: &mut Unit<'_>, number: &Number) -> Result<Referral> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        "SELECT r.id FROM referral r WHERE r.number = $1 AND EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $2
                 AND p.capacity = ANY($4::text[]) AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))",
        number.as_str(),
        scope.organisation,
        scope.unit,
        &scope.capacities,
    );
    match query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await? {
        Some(id) => get(unit, id.into()).await,
        None => Err(Error::not_found(number)),
    }
}

/// Those of `ids` that the caller is a party of, the most recent first; as they are, or as they were in `version`.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_by_id(unit: &mut Unit<'_>, ids: &[Uuid], version: Option<i64>) -> Result<Vec<Referral>> {
    select(unit, ids, version, false).await
}

/// Reads referrals by `$which` of them, by id. What each was admitted for is always there; the left join keeps the planner from
/// walking from it through all referrals of a convention.
macro_rules! read {
    ($unit:expr, $which:tt, $ids:expr, $scope:expr, $version:expr, $opened:expr, $caller:expr, $now:expr) => {
        sqlx::query_as!(
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
              CASE WHEN $4::bigint IS NULL THEN a.appointment_id ELSE t.appointment_id END AS "appointment_id?",
              parties_of(r.id) AS "parties!: Json<Vec<Party>>"
       FROM referral r
       JOIN referral_transition t ON t.referral_id = r.id AND t.version = COALESCE($4, r.version)
       LEFT JOIN convention_service s ON s.convention_id = r.convention_id AND s.version = r.convention_version
           AND s.system = r.service_system AND s.code = r.service_code
       LEFT JOIN referral_appointment a ON a.referral_id = r.id
       WHERE "#
                + $which
                + r#" AND (EXISTS (
           SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $2
               AND p.capacity = ANY($5::text[]) AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
         OR ($6 AND EXISTS (
           SELECT FROM file_access f WHERE f.referral_id = r.id AND f.caller = $7 AND f.organisation_id = $2
               AND f.expire_time > $8)))
       ORDER BY r.create_time DESC, r.id DESC"#,
            $ids,
            $scope.organisation,
            $scope.unit,
            $version,
            &$scope.capacities,
            $opened,
            $caller,
            $now,
        )
        .with_operation("SELECT", "referral")
        .fetch_all($unit.sql())
    };
}

/// With `opened`, files that the caller opened count too: one statement, whoever asks.
async fn select(unit: &mut Unit<'_>, ids: &[Uuid], version: Option<i64>, opened: bool) -> Result<Vec<Referral>> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.key(), unit.now());
    let rows = match ids {
        // Of one, a session's plan serves all that follow; of many, each number of them is planned for.
        [id] => read!(unit, "r.id = $1", id, scope, version, opened, caller, now).await?,
        _ => read!(unit, "r.id = ANY($1)", ids, scope, version, opened, caller, now).await?,
    };
    rows.into_iter().map(Referral::try_from).collect()
}

/// Finds a referral for who applies an event or keeps a deadline: whoever its parties are. Nobody else changes it until the
/// unit ends.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_locked(unit: &mut Unit<'_>, id: ReferralId) -> Result<Option<Referral>> {
    let locking = sqlx::query_scalar!("SELECT id FROM referral WHERE id = $1 FOR NO KEY UPDATE", id.0);
    if locking.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?.is_none() {
        return Ok(None);
    }
    // By a statement of its own: what another committed while this one waited is seen.
    Ok(list_all(unit, &[id.0]).await?.pop())
}
