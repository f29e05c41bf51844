//! Asks whether a referral would be admitted, without submitting it.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{ConventionId, ReferralId},
};

use super::judge::{Looks, judge};
use crate::{
    domain::{
        convention::{Admission, Failure, Standing, place_of},
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
    /// What stands on the lines on which it would take a place.
    pub standings: Vec<Standing>,
    /// Whether it would wait for a place.
    pub waits: bool,
}

impl UseCase for CheckAdmission {
    type Outcome = Checked;
    const NAME: &'static str = "check_admission";

    fn asks(&self) -> Subject {
        self.submission.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Checked> {
        let looks = Looks { approved: false, at_meters: true };
        let judged = judge(unit, self.convention, &self.submission, looks).await?;
        let duplicates = referral::list_open_alike(unit, &self.submission, DUPLICATES).await?;
        unit.audit(self.submission.patient);
        let lines = &judged.convention.terms.lines;
        let is_here = |standing: &Standing| {
            let mut metered = lines.iter().filter(|line| line.is_metered());
            // A day outside of the convention's lies in none of its periods: what is left of one is no place for that day.
            standing.holds(self.submission.requested_date)
                && metered.any(|line| {
                    line.line_id == standing.line_id && place_of(line, self.submission.site) == standing.site
                })
        };
        let standings = judged.standings.into_iter().filter(is_here).collect();
        let (convention, verdict, waits) = (judged.convention.id, judged.verdict, judged.waits);
        Ok(Checked { convention, verdict, duplicates, standings, waits })
    }
}
