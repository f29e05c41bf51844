//! Why a provider does not go on, and where else the patient may be sent: to be bounced without an alternative is what people
//! complain of most.

use relais_platform::text_enum;

use super::{Place, Refusal};

text_enum! {
    /// Why a provider does not go on with a referral.
    pub enum Reason {
        /// There is no place.
        NoCapacity = "no-capacity",
        /// The patient is not one of those that the convention is for.
        NotEligible = "not-eligible",
        /// The patient lives elsewhere.
        OutOfArea = "out-of-area",
        /// A document is missing.
        MissingDocument = "missing-document",
        /// It was sent twice.
        Duplicate = "duplicate",
        /// Another service is meant.
        WrongService = "wrong-service",
        /// The patient does not wish it.
        PatientDeclined = "patient-declined",
        /// The patient could not be reached.
        CouldNotContact = "could-not-contact",
        /// What was agreed on is used up.
        VolumeExhausted = "volume-exhausted",
        /// The money is used up.
        BudgetExhausted = "budget-exhausted",
        /// The convention does not hold.
        ConventionNotInForce = "convention-not-in-force",
        /// The convention does not cover the service.
        ServiceNotCovered = "service-not-covered",
        /// The doctor may not prescribe it.
        PrescriberNotEntitled = "prescriber-not-entitled",
        /// The site is not one of the convention's.
        SiteNotInScope = "site-not-in-scope",
        /// The patient's own doctor is there.
        OwnDoctorAvailable = "own-doctor-available",
    }
}

impl Reason {
    /// Whether another provider could take the patient all the same.
    fn is_the_providers(self) -> bool {
        matches!(
            self,
            Self::NoCapacity
                | Self::OutOfArea
                | Self::WrongService
                | Self::VolumeExhausted
                | Self::BudgetExhausted
                | Self::SiteNotInScope
        )
    }
}

text_enum! {
    /// Why a referrer cancels.
    pub enum CancelReason {
        /// The patient does not wish it.
        PatientDeclined = "patient-declined",
        /// It was sent twice.
        Duplicate = "duplicate",
        /// Another service was meant.
        WrongService = "wrong-service",
        /// The patient could not be reached.
        CouldNotContact = "could-not-contact",
    }
}

/// Lets a provider reject for this reason.
///
/// # Errors
/// When an alternative must be named: others of the convention could take the patient.
pub fn may_reject(reason: Reason, alternative: Option<Place>, others: bool) -> Result<(), Refusal> {
    if alternative.is_none() && others && reason.is_the_providers() {
        return Err(Refusal::AlternativeRequired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::*;

    #[test]
    fn who_has_no_place_names_another_where_there_is_one() {
        let other = Some(Place::Organisation(OrganisationId::draw()));
        assert_eq!(may_reject(Reason::NoCapacity, None, true), Err(Refusal::AlternativeRequired));
        for (reason, alternative, others) in
            [(Reason::NoCapacity, other, true), (Reason::NoCapacity, None, false), (Reason::Duplicate, None, true)]
        {
            assert_eq!(may_reject(reason, alternative, others), Ok(()));
        }
    }
}
