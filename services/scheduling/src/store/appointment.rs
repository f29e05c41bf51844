//! Appointments.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::{Rows, Unit},
    ids::{AppointmentId, Child, OrganisationId, PatientId, ReferralId},
    parties::Party,
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Appointment, State};

struct Row {
    id: Uuid,
    state: String,
    version: i64,
    referral_id: Uuid,
    referral_number: String,
    patient_id: Option<Uuid>,
    provider_id: Uuid,
    site_id: Option<Uuid>,
    requested_date: NaiveDate,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Appointment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let provider = OrganisationId(row.provider_id);
        Ok(Self {
            id: row.id.into(),
            state: State::stored(&row.state)?,
            version: row.version,
            referral: row.referral_id.into(),
            referral_number: row.referral_number,
            patient: row.patient_id.map(Into::into),
            provider,
            site: row.site_id.map(|id| Child::new(provider, id.into())),
            requested_date: row.requested_date,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// New appointments, each with a row in the pages of each party; written by one statement for a whole batch. A second open
/// one of a referral breaks a constraint: the message is held back.
#[derive(Debug, Default)]
pub struct NewAppointments {
    appointments: Vec<Appointment>,
    /// Pages: which appointment, and whose.
    shown: Vec<Uuid>,
    organisations: Vec<Uuid>,
}

impl NewAppointments {
    /// Adds one of a referral with these parties.
    pub fn insert(&mut self, appointment: Appointment, parties: &[Party]) {
        for party in parties {
            self.shown.push(appointment.id.0);
            self.organisations.push(party.organisation.0);
        }
        self.appointments.push(appointment);
    }
}

impl Rows for NewAppointments {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let column = |value: fn(&Appointment) -> Uuid| self.appointments.iter().map(value).collect::<Vec<_>>();
        let text = |value: fn(&Appointment) -> &str| {
            self.appointments.iter().map(|a| value(a).to_string()).collect::<Vec<_>>()
        };
        let versions: Vec<_> = self.appointments.iter().map(|a| a.version).collect();
        let patients: Vec<_> = self.appointments.iter().map(|a| a.patient.map(|patient| patient.0)).collect();
        let sites: Vec<_> = self.appointments.iter().map(|a| a.site.map(|site| site.id.0)).collect();
        let dates: Vec<_> = self.appointments.iter().map(|a| a.requested_date).collect();
        let times: Vec<_> = self.appointments.iter().map(|a| a.create_time).collect();
        let query = sqlx::query!(
            "WITH new AS (
                 INSERT INTO appointment (id, state, version, referral_id, referral_number, patient_id, provider_id,
                                          site_id, requested_date, create_time, update_time)
                 SELECT *, create_time FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[],
                                                   $7::uuid[], $8::uuid[], $9::date[], $10::timestamptz[])
                     AS n(id, state, version, referral_id, referral_number, patient_id, provider_id, site_id, requested_date,
                          create_time)
                 RETURNING id, create_time
             )
             INSERT INTO appointment_party (appointment_id, organisation_id, create_time)
             SELECT DISTINCT n.id, p.organisation_id, n.create_time
             FROM new n JOIN unnest($11::uuid[], $12::uuid[]) AS p(id, organisation_id) USING (id)",
            &column(|a| a.id.0),
            &text(|a| a.state.as_str()),
            &versions,
            &column(|a| a.referral.0),
            &text(|a| &a.referral_number),
            &patients as _,
            &column(|a| a.provider.0),
            &sites as _,
            &dates,
            &times,
            &self.shown,
            &self.organisations,
        );
        query.with_operation("INSERT", "appointment").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Keeps an appointment's next version.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, appointment: &Appointment) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE appointment SET state = $2, version = $3, update_time = $4 WHERE id = $1 AND version = $3::bigint - 1",
        appointment.id.0,
        appointment.state.as_str(),
        appointment.version,
        appointment.update_time,
    );
    let done = query.with_operation("UPDATE", "appointment").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Finds the open appointment of a referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_open(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<Appointment>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, site_id, requested_date,
                create_time, update_time
         FROM appointment WHERE referral_id = $1 AND state <> 'cancelled'",
        referral.0,
    );
    let row = query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await?;
    row.map(Appointment::try_from).transpose()
}

/// Gets an appointment of a referral that the caller is a party of, or whose file the caller opened; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: AppointmentId) -> Result<Appointment> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.digest(), unit.now());
    let query = sqlx::query_as!(
        Row,
        "SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, site_id, requested_date,
                create_time, update_time
         FROM appointment a
         WHERE id = $1 AND (EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $2
                 AND p.capacity = ANY($4::text[])
                 AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
           OR EXISTS (
             SELECT FROM opened_file f WHERE f.referral_id = a.referral_id AND f.organisation_id = $2
                 AND f.caller = $5 AND f.expire_time > $6))",
        id.0,
        scope.organisation,
        scope.unit,
        &scope.capacities,
        caller,
        now,
    );
    let row = query.with_operation("SELECT", "appointment").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Appointment::try_from)
}

/// Lists the appointments that the caller may see, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Appointment>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.site_id,
                a.requested_date, a.create_time, a.update_time
         FROM appointment_party v JOIN appointment a ON a.id = v.appointment_id
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
    let rows = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Appointment::try_from).collect()
}

/// Lists the appointments of a referral, if the caller may see them, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of(unit: &mut Unit<'_>, referral: ReferralId, page: &PageRequest) -> Result<Vec<Appointment>> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.digest(), unit.now());
    let query = sqlx::query_as!(
        Row,
        "SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.site_id,
                a.requested_date, a.create_time, a.update_time
         FROM appointment a
         WHERE a.referral_id = $6 AND (a.create_time, a.id) < ($3, $4)
           AND (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $1
                       AND p.capacity = ANY($7::text[])
                       AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
             OR EXISTS (SELECT FROM opened_file f WHERE f.referral_id = a.referral_id AND f.organisation_id = $1
                              AND f.caller = $8 AND f.expire_time > $9))
         ORDER BY a.create_time DESC, a.id DESC LIMIT $5",
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        referral.0,
        &scope.capacities,
        caller,
        now,
    );
    let rows = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Appointment::try_from).collect()
}

/// Lists the appointments of referrals that the caller's organisation sent for a patient, of all its units.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<Vec<Appointment>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.site_id,
                a.requested_date, a.create_time, a.update_time
         FROM appointment a JOIN referral_party p ON p.referral_id = a.referral_id AND p.capacity = 'referrer'
         WHERE a.patient_id = $1 AND p.organisation_id = $2 ORDER BY a.create_time DESC, a.id DESC",
        patient.0,
        scope.organisation,
    );
    let rows = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Appointment::try_from).collect()
}

/// Lists appointments of all parties by id, those after `after`: for a snapshot, which no caller's parties limit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Appointment>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, site_id, requested_date,
                create_time, update_time
         FROM appointment WHERE id > $1 ORDER BY id LIMIT $2",
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "appointment").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Appointment::try_from).collect()
}
