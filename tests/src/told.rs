//! Events as the referral service tells them, for tests of those who hear of them.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    calls::{Caller, check::time_to_proto},
    ids::{AppointmentId, Child, FileAccessId, OrganisationId, PatientId, ReferralId, UnitId},
};
use relais_proto::events::v1::{
    AppointmentMoved, AppointmentReminderDue, GlassBroken, Party, ReferralCancelled, ReferralMoved, ReferralSubmitted,
    party::Capacity,
};

use crate::{Identity, Issuer, date};

/// A referral as others hear of it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its id.
    pub id: ReferralId,
    /// Its number.
    pub number: String,
    /// Who sent it.
    pub referrer: OrganisationId,
    /// Which unit of that.
    pub desk: UnitId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// Who coordinates.
    pub coordinator: OrganisationId,
}

impl Told {
    /// A referral between organisations of its own.
    pub fn new(number: &str) -> Self {
        Self {
            id: ReferralId::draw(),
            number: number.into(),
            referrer: OrganisationId::draw(),
            desk: UnitId::draw(),
            provider: OrganisationId::draw(),
            coordinator: OrganisationId::draw(),
        }
    }

    /// Another referral between the same organisations.
    pub fn another(&self, number: &str) -> Self {
        Self { id: ReferralId::draw(), number: number.into(), ..self.clone() }
    }

    /// Its first event.
    pub fn submitted(&self) -> ReferralSubmitted {
        ReferralSubmitted {
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            patient: PatientId::draw().to_string(),
            provider: self.provider.to_string(),
            requested_date: Some(date(NaiveDate::from_ymd_opt(2026, 5, 4).unwrap_or_default())),
            ..ReferralSubmitted::default()
        }
    }

    /// Its second event.
    pub fn cancelled(&self) -> ReferralCancelled {
        ReferralCancelled {
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            ..Default::default()
        }
    }

    /// That it moved, as the system did it.
    pub fn moved(&self, state: &str) -> ReferralMoved {
        ReferralMoved {
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            state: state.into(),
            ..Default::default()
        }
    }

    /// Its appointment, at a site in Luxembourg.
    pub fn booked(&self, appointment: AppointmentId, start: DateTime<Utc>) -> AppointmentMoved {
        AppointmentMoved {
            appointment: appointment.to_string(),
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            state: "booked".into(),
            previous: "proposed".into(),
            start_time: Some(time_to_proto(start)),
            time_zone: "Europe/Luxembourg".into(),
            ..Default::default()
        }
    }

    /// That its patient is to be reminded of an appointment at a site in Luxembourg.
    pub fn reminder(&self, appointment: AppointmentId, start: DateTime<Utc>) -> AppointmentReminderDue {
        AppointmentReminderDue {
            appointment: appointment.to_string(),
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            start_time: Some(time_to_proto(start)),
            time_zone: "Europe/Luxembourg".into(),
            ..Default::default()
        }
    }

    /// That this clinician, who is no party, has opened its file, until then.
    pub fn opened_for(&self, clinician: &Identity, expire_time: DateTime<Utc>) -> (FileAccessId, GlassBroken) {
        let (issuer, subject) = (Issuer::NAME.into(), clinician.subject.clone());
        let (access, caller) = (FileAccessId::draw(), Caller { issuer, subject, ..Caller::default() });
        let told = GlassBroken {
            access: access.to_string(),
            referral: self.id.to_string(),
            number: self.number.clone(),
            parties: self.parties(),
            organisation: clinician.organisation.clone(),
            reason: "emergency-treatment".into(),
            caller: caller.digest(),
            expire_time: Some(time_to_proto(expire_time)),
        };
        (access, told)
    }

    /// Somebody at the desk that sent it.
    pub fn sender(&self) -> Identity {
        Identity::new("sender", "desk").of(&self.referrer.to_string()).at(&self.desk_name())
    }

    /// Somebody at the provider.
    pub fn receiver(&self) -> Identity {
        Identity::new("receiver", "desk").of(&self.provider.to_string())
    }

    /// Somebody who coordinates.
    pub fn overseer(&self) -> Identity {
        Identity::new("overseer", "coordinator").of(&self.coordinator.to_string())
    }

    /// Somebody of an organisation that is no party.
    pub fn stranger() -> Identity {
        Identity::new("stranger", "desk").of(&OrganisationId::draw().to_string())
    }

    /// The full name of the desk that sent it.
    pub fn desk_name(&self) -> String {
        Child::new(self.referrer, self.desk).to_string()
    }

    /// All parties, as events tell them.
    pub fn parties(&self) -> Vec<Party> {
        let party = |organisation: OrganisationId, unit: String, capacity: Capacity| Party {
            organisation: organisation.to_string(),
            unit,
            capacity: capacity.into(),
        };
        vec![
            party(self.referrer, self.desk_name(), Capacity::Referrer),
            party(self.provider, String::new(), Capacity::Provider),
            party(self.coordinator, String::new(), Capacity::Coordinator),
        ]
    }
}
