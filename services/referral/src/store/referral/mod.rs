//! Referrals with their parties and their timeline.

mod account;
mod file_access;
mod file_review;

pub use account::{is_sender, list_ids_of};
pub use file_access::{count_since, find_access, find_file, find_live, insert_access, list_accesses_to};
pub use file_review::{get_held, insert_review, list_held};

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::{Rows, Unit},
    error::{Kind, Violation, broken_constraint},
    ids::{AppointmentId, Child, OrganisationId, ReferralId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{AppointmentState, Number, Party, Priority, Referral, State, Transition};

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
    parties: Json<Vec<Party>>,
    appointment_id: Option<Uuid>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Referral {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let number = Number::parse(&row.number);
        let (referrer, provider) = (OrganisationId(row.referrer_id), OrganisationId(row.provider_id));
        Ok(Self {
            id: row.id.into(),
            number: number.ok_or_else(|| Error::internal(anyhow::anyhow!("a stored number does not check")))?,
            state: State::stored(&row.state)?,
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
            parties: row.parties.0,
            appointment: row.appointment_id.map(Into::into),
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Stores a new referral with its parties and the first row of its timeline, in one statement.
///
/// # Errors
/// What the foreign keys say of the caller's references: NOT_FOUND or INVALID_ARGUMENT.
pub async fn insert(unit: &mut Unit<'_>, referral: &Referral) -> Result<()> {
    let actor = unit.caller()?.key();
    let parties = Json(&referral.parties);
    let query = sqlx::query!(
        "WITH r AS (
             INSERT INTO referral (id, number, state, version, convention_id, convention_version, service_system,
                 service_code, referrer_id, referrer_unit_id, patient_id, provider_id, site_id, prescriber_id,
                 requested_date, priority, create_time, update_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
         ), p AS (
             INSERT INTO referral_party (referral_id, referrer_id, organisation_id, unit_id, capacity, create_time)
             SELECT $1, $9, p.organisation, p.unit, p.capacity, $17
             FROM jsonb_to_recordset($18) AS p(organisation uuid, unit uuid, capacity text)
         )
         INSERT INTO referral_transition (referral_id, version, state, at, actor) VALUES ($1, $4, $3, $17, $19)",
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

/// Keeps a referral's next version, with its row in the timeline.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, referral: &Referral, reason: &str) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "WITH r AS (
             UPDATE referral SET state = $2, version = $3, update_time = $4
             WHERE id = $1 AND version = $3::bigint - 1 RETURNING id
         )
         INSERT INTO referral_transition (referral_id, version, state, reason, at, actor, appointment_id)
         SELECT r.id, $3, $2, $5, $4, $6, $7 FROM r",
        referral.id.0,
        referral.state.as_str(),
        referral.version,
        referral.update_time,
        reason,
        actor,
        referral.appointment.map(|appointment| appointment.0),
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

/// The ids of a page of the caller's referrals, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_ids(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Uuid>> {
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

/// Those of `ids` that the caller is a party of, the most recent first; as they are, or as they were in `version`.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_by_id(unit: &mut Unit<'_>, ids: &[Uuid], version: Option<i64>) -> Result<Vec<Referral>> {
    select(unit, ids, version, false).await
}

/// With `opened`, files that the caller opened count too: one statement, whoever asks.
async fn select(unit: &mut Unit<'_>, ids: &[Uuid], version: Option<i64>, opened: bool) -> Result<Vec<Referral>> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.key(), unit.now());
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.number, t.state, t.version, r.convention_id, r.convention_version, r.service_system,
                  r.service_code, r.referrer_id, r.referrer_unit_id, r.patient_id, r.provider_id, r.site_id,
                  r.prescriber_id, r.requested_date, r.priority, r.create_time, t.at AS update_time,
                  CASE WHEN $4::bigint IS NULL THEN a.appointment_id ELSE t.appointment_id END AS "appointment_id?",
                  parties_of(r.id) AS "parties!: Json<Vec<Party>>"
           FROM referral r
           JOIN referral_transition t ON t.referral_id = r.id AND t.version = COALESCE($4, r.version)
           LEFT JOIN referral_appointment a ON a.referral_id = r.id
           WHERE r.id = ANY($1) AND (EXISTS (
               SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $2
                   AND p.capacity = ANY($5::text[]) AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
             OR ($6 AND EXISTS (
               SELECT FROM file_access f WHERE f.referral_id = r.id AND f.caller = $7 AND f.organisation_id = $2
                   AND f.expire_time > $8)))
           ORDER BY r.create_time DESC, r.id DESC"#,
        ids,
        scope.organisation,
        scope.unit,
        version,
        &scope.capacities,
        opened,
        caller,
        now,
    );
    let rows = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Referral::try_from).collect()
}

/// Lists referrals of all parties by id, those after `after`: for a snapshot, which no caller's parties limit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Referral>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.number, t.state, t.version, r.convention_id, r.convention_version, r.service_system,
                  r.service_code, r.referrer_id, r.referrer_unit_id, r.patient_id, r.provider_id, r.site_id,
                  r.prescriber_id, r.requested_date, r.priority, r.create_time, t.at AS update_time,
                  a.appointment_id AS "appointment_id?",
                  parties_of(r.id) AS "parties!: Json<Vec<Party>>"
           FROM referral r
           JOIN referral_transition t ON t.referral_id = r.id AND t.version = r.version
           LEFT JOIN referral_appointment a ON a.referral_id = r.id
           WHERE r.id > $1 ORDER BY r.id LIMIT $2"#,
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Referral::try_from).collect()
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

/// The timelines of referrals that the caller was shown.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_transitions(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<Transition>> {
    let query = sqlx::query!(
        "SELECT referral_id, version, state, reason, at, actor FROM referral_transition
         WHERE referral_id = ANY($1) ORDER BY referral_id, version",
        referrals,
    );
    let rows = query.with_operation("SELECT", "referral_transition").fetch_all(unit.sql()).await?;
    let mut transitions = Vec::with_capacity(rows.len());
    for row in rows {
        transitions.push(Transition {
            referral: row.referral_id.into(),
            version: row.version,
            state: State::stored(&row.state)?,
            reason: row.reason,
            time: row.at,
            actor: row.actor,
        });
    }
    Ok(transitions)
}

/// What scheduling told of referrals' appointments, written by one statement for a whole batch. A message for a referral
/// that does not exist breaks the foreign key: it is held back.
#[derive(Debug, Default)]
pub struct AppointmentNotes(HashMap<Uuid, (Uuid, AppointmentState)>);

impl AppointmentNotes {
    /// Notes an appointment. What is told late of an earlier one does not hide a later one.
    pub fn note(&mut self, referral: ReferralId, appointment: AppointmentId, state: AppointmentState) {
        let noted = self.0.entry(referral.0).or_insert((appointment.0, state));
        if state == AppointmentState::Proposed || noted.0 == appointment.0 {
            *noted = (appointment.0, state);
        }
    }
}

impl Rows for AppointmentNotes {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let mut notes: Vec<_> = self.0.into_iter().collect();
        // In one order in every unit, so that none waits for another that waits for it.
        notes.sort_unstable_by_key(|(referral, _)| *referral);
        let (referrals, notes): (Vec<Uuid>, Vec<_>) = notes.into_iter().unzip();
        let (appointments, states): (Vec<Uuid>, Vec<String>) =
            notes.into_iter().map(|(appointment, state)| (appointment, state.as_str().to_string())).unzip();
        let query = sqlx::query!(
            "INSERT INTO referral_appointment (referral_id, appointment_id, state)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
             ON CONFLICT (referral_id) DO UPDATE SET appointment_id = EXCLUDED.appointment_id, state = EXCLUDED.state
             WHERE EXCLUDED.state = 'proposed' OR referral_appointment.appointment_id = EXCLUDED.appointment_id",
            &referrals,
            &appointments,
            &states,
        );
        query.with_operation("INSERT", "referral_appointment").execute(unit.sql()).await?;
        Ok(())
    }
}
