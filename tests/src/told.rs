//! Events as the referral service tells them, for tests of those who hear of them.

use chrono::NaiveDate;
use relais_platform::ids::{Child, OrganisationId, PatientId, ReferralId, UnitId};
use relais_proto::events::v1::{Party, ReferralCancelled, ReferralSubmitted, party::Capacity};

use crate::{Identity, date};

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

    fn desk_name(&self) -> String {
        Child::new(self.referrer, self.desk).to_string()
    }

    fn parties(&self) -> Vec<Party> {
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
