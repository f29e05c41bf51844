//! Submits a referral: the convention admits it or names every rule that fails.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ConventionId,
    parties::Capacity,
};

use super::{
    judge::{judge, refused},
    keep::begin,
};
use crate::domain::{
    language::Language,
    referral::{Referral, Submission, submit},
};

/// Submits a referral of a patient of the caller's organisation.
#[derive(Debug, Clone)]
pub struct SubmitReferral {
    /// Under which convention.
    pub convention: ConventionId,
    /// What is submitted.
    pub submission: Submission,
    /// The language of a refusal.
    pub language: Language,
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
        let judged = judge(unit, self.convention, &self.submission).await?;
        let admission = judged.verdict.map_err(|failures| refused(failures, self.language))?;
        let (sender, convention) = (judged.referrer, judged.convention);
        let admitted = submit(self.submission.clone(), sender, &convention, admission, unit.now());
        unit.about(admitted.number.as_str());
        begin(unit, admitted, (sender.0, Capacity::Referrer), &convention.terms.conditions).await
    }
}
