//! Submits a referral: the convention admits it or names every rule that fails.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{Child, ConventionId, PractitionerId},
    parties::Capacity,
};

use super::{
    judge::{Looks, NOT_ADMITTED, ensure_approver, judge},
    keep::begin,
};
use crate::{
    app::convention::refused,
    domain::referral::{Referral, Submission, submit},
};

/// Submits a referral of a patient of the caller's organisation.
#[derive(Debug, Clone)]
pub struct SubmitReferral {
    /// Under which convention.
    pub convention: ConventionId,
    /// What is submitted.
    pub submission: Submission,
    /// Who lets it through where a line is used up; none: nobody.
    pub approver: Option<Child<PractitionerId>>,
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
        let language = unit.language();
        ensure_approver(unit, &self.submission, self.approver).await?;
        let looks = Looks { approved: self.approver.is_some(), at_meters: false };
        let judged = judge(unit, self.convention, &self.submission, looks).await?;
        let admission = judged.verdict.map_err(|failures| refused(NOT_ADMITTED, failures, language))?;
        let (sender, convention) = (judged.referrer, judged.convention);
        let admitted = submit(self.submission.clone(), sender, &convention, admission, unit.now());
        unit.about(admitted.number.as_str());
        let approver = self.approver.map(|approver| approver.to_string()).unwrap_or_default();
        let conditions = &convention.terms.conditions;
        match begin(unit, admitted, (sender.0, Capacity::Referrer), conditions, &approver).await? {
            Ok(referral) => Ok(referral),
            // Who takes the place decides; what is said of it, the rules.
            Err(_) => {
                let again = judge(unit, self.convention, &self.submission, Looks { at_meters: true, ..looks }).await?;
                let failures = again.verdict.err().ok_or_else(|| Error::contention("a place was given back meanwhile"));
                Err(refused(NOT_ADMITTED, failures?, language))
            }
        }
    }
}
