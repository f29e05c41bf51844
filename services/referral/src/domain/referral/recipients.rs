//! Who receives a referral's result now.

use relais_platform::{
    ids::{Child, ConventionId, OrganisationId, PatientId, PractitionerId, SiteId, UnitId},
    text_enum,
};

use super::{Number, Party};
use crate::domain::network::Acting;

text_enum! {
    /// Why somebody stands in for the prescriber.
    pub enum SubstituteFor {
        /// The register licenses the prescriber no longer.
        StruckOff = "struck-off",
        /// The prescriber is away.
        OnLeave = "on-leave",
    }
}

/// A referral, as far as it says who is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its number.
    pub number: Number,
    /// The convention, and the version of its terms, that admitted it.
    pub convention: (ConventionId, i64),
    /// Whose patient.
    pub patient: PatientId,
    /// Who sent it.
    pub referrer: OrganisationId,
    /// Which unit.
    pub unit: Option<UnitId>,
    /// The doctor who asked.
    pub prescriber: Option<PractitionerId>,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// At which site.
    pub site: Option<SiteId>,
    /// Who is a party.
    pub parties: Vec<Party>,
}

/// Somebody who receives a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Where.
    pub organisation: OrganisationId,
    /// In whose inbox; none: the organisation's.
    pub unit: Option<UnitId>,
    /// Who; none: any clinician there.
    pub practitioner: Option<PractitionerId>,
    /// Why a substitute does.
    pub substitute_for: Option<SubstituteFor>,
}

impl Recipient {
    /// Any clinician of a unit.
    pub fn of_unit(unit: Child<UnitId>) -> Self {
        Self { unit: Some(unit.id), ..Self::of_organisation(unit.organisation) }
    }

    fn of_organisation(organisation: OrganisationId) -> Self {
        Self { organisation, unit: None, practitioner: None, substitute_for: None }
    }

    /// Of the unit that sent a referral: the prescriber or who acts, as things stand, while somebody does. Where nobody prescribed,
    /// any clinician there.
    pub fn of_sender(sent: &Sent, acting: Acting, prescriber_is_licensed: bool) -> Option<Self> {
        let there = Self { unit: sent.unit, ..Self::of_organisation(sent.referrer) };
        let reason = if prescriber_is_licensed { SubstituteFor::OnLeave } else { SubstituteFor::StruckOff };
        let (practitioner, substitute_for) = match (sent.prescriber, acting) {
            (None, _) => (None, None),
            (Some(_), Acting::Present(prescriber)) => (Some(prescriber), None),
            (Some(_), Acting::LeaveSubstitute(who) | Acting::UnitSubstitute(who)) => (Some(who), Some(reason)),
            (Some(_), Acting::Nobody) => return None,
        };
        Some(Self { practitioner, substitute_for, ..there })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prescriber_receives_it_or_who_stands_in_or_nobody() {
        let [doctor, other] = [(); 2].map(|()| PractitionerId::draw());
        let sent = Sent {
            number: Number::from_random(7),
            convention: (ConventionId::draw(), 1),
            patient: PatientId::draw(),
            referrer: OrganisationId::draw(),
            unit: Some(UnitId::draw()),
            prescriber: Some(doctor),
            provider: OrganisationId::draw(),
            site: None,
            parties: Vec::new(),
        };
        let told = |acting, licensed| {
            let found = Recipient::of_sender(&sent, acting, licensed);
            found.map(|recipient| (recipient.unit, recipient.practitioner, recipient.substitute_for))
        };
        assert_eq!(told(Acting::Present(doctor), true), Some((sent.unit, Some(doctor), None)));
        for (licensed, reason) in [(true, SubstituteFor::OnLeave), (false, SubstituteFor::StruckOff)] {
            let expected = Some((sent.unit, Some(other), Some(reason)));
            assert_eq!(told(Acting::LeaveSubstitute(other), licensed), expected);
            assert_eq!(told(Acting::UnitSubstitute(other), licensed), expected);
            assert_eq!(told(Acting::Nobody, licensed), None);
        }
        let unsigned = Sent { prescriber: None, ..sent.clone() };
        let any = Recipient::of_sender(&unsigned, Acting::Nobody, false);
        assert_eq!(any.map(|recipient| (recipient.unit, recipient.practitioner)), Some((sent.unit, None)));
    }
}
