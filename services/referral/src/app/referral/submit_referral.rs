//! Submits a referral: the convention admits it or names every rule that fails.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{ConventionId, OrganisationId},
};

use super::tell::tell;
use crate::{
    app::convention::get_for_caller,
    domain::{
        convention::{Ask, admit},
        referral::{Referral, Submission, submit},
    },
    store::{identity, referral},
};

/// Submits a referral of a patient of the caller's organisation.
#[derive(Debug, Clone)]
pub struct SubmitReferral {
    /// Under which convention.
    pub convention: ConventionId,
    /// What is submitted.
    pub submission: Submission,
}

impl UseCase for SubmitReferral {
    type Outcome = Referral;
    const NAME: &'static str = "submit_referral";

    fn about(&self) -> Option<&str> {
        Some(self.submission.number.as_str())
    }

    fn asks(&self) -> Subject {
        self.submission.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let caller = unit.caller()?;
        let (referrer, desk) = (caller.acting_organisation()?, caller.unit);
        let submission = &self.submission;
        ensure_own_prescriber(submission, referrer)?;
        identity::ensure_in_use(unit, referrer, submission.patient).await?;
        let convention = get_for_caller(unit, self.convention).await?;
        let ask = Ask {
            referrer,
            provider: submission.provider,
            service: (&submission.service_system, &submission.service_code),
            date: submission.requested_date,
        };
        let refused = |rules| Error::refused("ADMISSION_REFUSED", rules);
        let admission = admit(&convention, ask).map_err(refused)?;
        let admitted = submit(submission.clone(), (referrer, desk), &convention, admission, unit.now());
        referral::insert(unit, &admitted).await?;
        tell(unit, &admitted);
        unit.about(admitted.number.as_str());
        unit.audit(&admitted);
        Ok(admitted)
    }
}

fn ensure_own_prescriber(submission: &Submission, referrer: OrganisationId) -> Result<()> {
    match submission.prescriber {
        Some(prescriber) if prescriber.organisation != referrer => {
            let rule = "must be a practitioner of your organisation";
            Err(Error::invalid(vec![Violation::new("referral.prescriber", rule)]))
        }
        _ => Ok(()),
    }
}
