//! New deliveries.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::{AppointmentId, MessageId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::{domain::Delivery, store::key};

/// Reminders of appointments, each time of an appointment once; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct NewDeliveries(Vec<(AppointmentId, Delivery)>);

impl NewDeliveries {
    /// Adds one.
    pub fn insert(&mut self, appointment: AppointmentId, delivery: Delivery) {
        self.0.push((appointment, delivery));
    }
}

impl Rows for NewDeliveries {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let ids = |value: fn(&Delivery) -> Uuid| self.0.iter().map(|(_, d)| value(d)).collect::<Vec<_>>();
        let text = |value: fn(&Delivery) -> &str| self.0.iter().map(|(_, d)| value(d).to_string()).collect::<Vec<_>>();
        let appointments: Vec<_> = self.0.iter().map(|(appointment, _)| appointment.0).collect();
        let starts: Vec<_> = self.0.iter().map(|(_, d)| d.start_time).collect();
        let times: Vec<_> = self.0.iter().map(|(_, d)| d.create_time).collect();
        let query = sqlx::query!(
            "INSERT INTO delivery (id, purpose, state, organisation_id, unit_id, referral_id, referral_number, appointment_id,
                 start_time, time_zone, create_time, not_before)
             SELECT id, 'reminder', 'queued', organisation_id, unit_id, referral_id, referral_number, appointment_id,
                    start_time, time_zone, create_time, create_time
             FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[], $8::text[],
                         $9::timestamptz[])
                 AS n(id, organisation_id, unit_id, referral_id, referral_number, appointment_id, start_time, time_zone,
                      create_time)
             ON CONFLICT (appointment_id, start_time) WHERE appointment_id IS NOT NULL DO NOTHING",
            &ids(|d| d.id.0),
            &ids(|d| key(d.mailbox).0),
            &ids(|d| key(d.mailbox).1),
            &ids(|d| d.referral.0),
            &text(|d| &d.referral_number),
            &appointments,
            &starts as _,
            &text(|d| &d.time_zone),
            &times,
        );
        query.with_operation("INSERT", "delivery").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Inserts what says that messages wait, one delivery each.
pub(in crate::store) async fn insert_of_messages(unit: &mut Unit<'_>, new: &[(MessageId, Delivery)]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let ids = |value: fn(&(MessageId, Delivery)) -> Uuid| new.iter().map(value).collect::<Vec<_>>();
    let numbers: Vec<_> = new.iter().map(|(_, d)| d.referral_number.clone()).collect();
    let times = |value: fn(&Delivery) -> DateTime<Utc>| new.iter().map(|(_, d)| value(d)).collect::<Vec<_>>();
    let query = sqlx::query!(
        "INSERT INTO delivery (id, purpose, state, organisation_id, unit_id, referral_id, referral_number, message_id, create_time,
             not_before)
         SELECT id, 'message', 'queued', organisation_id, unit_id, referral_id, referral_number, message_id, create_time, not_before
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[], $8::timestamptz[])
             AS n(id, organisation_id, unit_id, referral_id, referral_number, message_id, create_time, not_before)",
        &ids(|(_, d)| d.id.0),
        &ids(|(_, d)| key(d.mailbox).0),
        &ids(|(_, d)| key(d.mailbox).1),
        &ids(|(_, d)| d.referral.0),
        &numbers,
        &ids(|(message, _)| message.0),
        &times(|d| d.create_time),
        &times(|d| d.not_before),
    );
    query.with_operation("INSERT", "delivery").execute(unit.sql()).await?;
    Ok(())
}
