//! Why a provider does not go on, and where else the patient may be sent: to be bounced without an alternative is what people
//! complain of most.

use relais_platform::text_enum;

use super::Refusal;

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

/// Who else takes patients under the convention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Others {
    /// Another provider.
    pub provider: bool,
    /// The same one, at another site than the one that was wished for.
    pub site: bool,
}

impl Reason {
    /// Whether one of these others could take the patient all the same.
    fn leaves(self, others: Others) -> bool {
        match self {
            Self::NoCapacity | Self::OutOfArea | Self::SiteNotInScope => others.provider || others.site,
            Self::WrongService | Self::VolumeExhausted | Self::BudgetExhausted => others.provider,
            _ => false,
        }
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

/// Lets a provider reject for this reason; `named` is what the alternative is under the convention.
///
/// # Errors
/// When others of the convention could take the patient, and the alternative is none of them. Where there is nobody else, it may be
/// any place of the directory.
pub fn may_reject(reason: Reason, named: Option<Others>, others: Others) -> Result<(), Refusal> {
    match named {
        _ if !reason.leaves(others) => Ok(()),
        None => Err(Refusal::AlternativeRequired),
        Some(named) if !reason.leaves(named) => Err(Refusal::NoAlternative),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_place_names_another_where_there_is_one() {
        let (nobody, provider, site) =
            (Others::default(), Others { provider: true, site: false }, Others { provider: false, site: true });
        for (reason, others) in
            [(Reason::NoCapacity, provider), (Reason::NoCapacity, site), (Reason::VolumeExhausted, provider)]
        {
            assert_eq!(may_reject(reason, None, others), Err(Refusal::AlternativeRequired));
            assert_eq!(may_reject(reason, Some(others), others), Ok(()));
            assert_eq!(may_reject(reason, Some(nobody), others), Err(Refusal::NoAlternative), "some other place");
        }
        let both = Others { provider: true, site: true };
        assert_eq!(may_reject(Reason::NoCapacity, Some(site), both), Ok(()));
        assert_eq!(may_reject(Reason::VolumeExhausted, Some(site), both), Err(Refusal::NoAlternative), "no more there");
        for (reason, others) in [
            (Reason::NoCapacity, nobody),
            (Reason::Duplicate, provider),
            // At another site there is no more of it than here.
            (Reason::VolumeExhausted, site),
            (Reason::WrongService, site),
        ] {
            for named in [None, Some(nobody)] {
                assert_eq!(may_reject(reason, named, others), Ok(()), "{reason:?}");
            }
        }
    }
}
