//! New appointments, written by one statement for a whole batch of messages.

use relais_platform::{
    Result,
    database::{Rows, Unit},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::Appointment;

/// New appointments, each with its first version and a row in the pages of each party. A second open one of a referral breaks a
/// constraint: the message is held back.
#[derive(Debug, Default)]
pub struct NewAppointments {
    appointments: Vec<Appointment>,
    /// Pages: which appointment, and whose.
    shown: Vec<Uuid>,
    organisations: Vec<Uuid>,
}

impl NewAppointments {
    /// Adds one.
    pub fn insert(&mut self, appointment: Appointment) {
        for party in &appointment.parties {
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
        let sites: Vec<_> = self.appointments.iter().map(|a| a.site.map(|site| site.id.0)).collect();
        let patients: Vec<_> = self.appointments.iter().map(|a| a.patient.map(|patient| patient.0)).collect();
        let dates: Vec<_> = self.appointments.iter().map(|a| a.requested_date).collect();
        let times: Vec<_> = self.appointments.iter().map(|a| a.create_time).collect();
        let query = sqlx::query!(
            "WITH new AS (
                 INSERT INTO appointment (id, state, version, referral_id, referral_number, provider_id, site_id, patient_id,
                                          requested_date, create_time, update_time)
                 SELECT *, create_time FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[],
                                                   $7::uuid[], $8::uuid[], $9::date[], $10::timestamptz[])
                     AS n(id, state, version, referral_id, referral_number, provider_id, site_id, patient_id, requested_date,
                          create_time)
                 RETURNING id, state, version, create_time
             ), first AS (
                 INSERT INTO appointment_change (appointment_id, version, state, confirmed, walk_in, reason, at, actor)
                 SELECT id, version, state, false, false, '', create_time, '' FROM new
             )
             INSERT INTO appointment_party (appointment_id, organisation_id, create_time)
             SELECT DISTINCT n.id, p.organisation_id, n.create_time
             FROM new n JOIN unnest($11::uuid[], $12::uuid[]) AS p(id, organisation_id) USING (id)",
            &column(|a| a.id.0),
            &text(|a| a.state.as_str()),
            &versions,
            &column(|a| a.referral.0),
            &text(|a| &a.referral_number),
            &column(|a| a.provider.0),
            &sites as _,
            &patients as _,
            &dates,
            &times,
            &self.shown,
            &self.organisations,
        );
        query.with_operation("INSERT", "appointment").execute(unit.sql()).await?;
        Ok(())
    }
}
