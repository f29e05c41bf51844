//! Cancellation by the referrer.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Violation},
    text_enum,
};

use super::{Referral, State};

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

/// The referral, cancelled, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when it is cancelled already.
pub fn cancel(referral: Referral, now: DateTime<Utc>) -> Result<Referral, Error> {
    match referral.state {
        State::Submitted => {
            let version = referral.version + 1;
            Ok(Referral { state: State::Cancelled, version, update_time: now, ..referral })
        }
        State::Cancelled => {
            let rule = Violation::new("referral-not-open", "it is cancelled already");
            Err(Error::refused("REFERRAL_CLOSED", vec![rule]))
        }
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{ConventionId, OrganisationId, PatientId, ReferralId};

    use super::super::{Number, Priority};
    use super::*;

    fn referral() -> Referral {
        Referral {
            id: ReferralId::draw(),
            number: Number::from_random(7),
            state: State::Submitted,
            version: 1,
            convention: ConventionId::draw(),
            convention_version: 1,
            service_system: "s".into(),
            service_code: "c".into(),
            referrer: OrganisationId::draw(),
            referrer_unit: None,
            patient: PatientId::draw(),
            provider: OrganisationId::draw(),
            site: None,
            prescriber: None,
            requested_date: "2017-05-01".parse().unwrap(),
            priority: Priority::Routine,
            parties: vec![],
            appointment: None,
            create_time: DateTime::UNIX_EPOCH,
            update_time: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_referral_is_cancelled_once_and_its_version_grows() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let cancelled = cancel(referral(), now).unwrap();
        assert_eq!((cancelled.state, cancelled.version, cancelled.update_time), (State::Cancelled, 2, now));
        let error = cancel(cancelled, now).unwrap_err();
        assert_eq!(error.reason, "REFERRAL_CLOSED");
    }
}
