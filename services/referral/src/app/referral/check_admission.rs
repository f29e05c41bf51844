//! Asks whether a referral would be admitted, without submitting it.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{ConventionId, ReferralId},
};

use super::judge::judge;
use crate::{
    domain::{
        convention::{Admission, Failure},
        referral::Submission,
    },
    store::referral,
};

/// The most open referrals that are told as duplicates.
const DUPLICATES: i64 = 10;

/// Asks about a referral of a patient of the caller's organisation.
#[derive(Debug, Clone)]
pub struct CheckAdmission {
    /// Under which convention.
    pub convention: ConventionId,
    /// What would be submitted.
    pub submission: Submission,
}

/// What would become of it.
#[derive(Debug)]
pub struct Checked {
    /// The convention that judges.
    pub convention: ConventionId,
    /// What would admit it, or each rule that fails.
    pub verdict: Result<Admission, Vec<Failure>>,
    /// Open referrals of the same patient for the same service at the same provider.
    pub duplicates: Vec<ReferralId>,
}

impl UseCase for CheckAdmission {
    type Outcome = Checked;
    const NAME: &'static str = "check_admission";

    fn asks(&self) -> Subject {
        self.submission.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Checked> {
        let judged = judge(unit, self.convention, &self.submission).await?;
        let duplicates = referral::list_open_alike(unit, &self.submission, DUPLICATES).await?;
        unit.audit(self.submission.patient);
        Ok(Checked { convention: judged.convention.id, verdict: judged.verdict, duplicates })
    }
}
