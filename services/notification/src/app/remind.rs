//! Queues the reminder of an appointment, to its patient.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::{AppointmentId, DeliveryId, ReferralId},
};

use crate::{
    domain::{Delivery, Mailbox, Purpose, State},
    store::NewDeliveries,
};

/// Reminds a patient. Where the patient is reached, is asked when it is sent.
#[derive(Debug, Clone)]
pub struct Remind {
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// Of which referral.
    pub referral: ReferralId,
    /// Its number.
    pub number: String,
    /// Who sent the patient, and answers for the reminder.
    pub sender: Mailbox,
    /// When the appointment begins.
    pub start_time: DateTime<Utc>,
    /// In which zone that is read.
    pub time_zone: String,
}

impl UseCase for Remind {
    type Outcome = ();
    const NAME: &'static str = "remind";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let now = unit.now();
        let delivery = Delivery {
            id: DeliveryId::draw(),
            purpose: Purpose::Reminder,
            state: State::Queued,
            reason: String::new(),
            mailbox: self.sender,
            referral: self.referral,
            referral_number: self.number.clone(),
            messages: 1,
            start_time: Some(self.start_time),
            time_zone: self.time_zone.clone(),
            create_time: now,
            not_before: now,
            tries: 0,
            attempts: 0,
            withdrawn: false,
        };
        unit.audit(&delivery);
        unit.later::<NewDeliveries>().insert(self.appointment, delivery);
        Ok(())
    }
}
