//! Reviews that somebody opened a file.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    ids::FileAccessId,
};

use crate::{
    domain::referral::{FileReview, HeldAccess, Verdict},
    store::referral,
};

/// Says what the caller, of the organisation that holds the patient's record, found of an access.
#[derive(Debug, Clone)]
pub struct ReviewFileAccess {
    /// Which access.
    pub id: FileAccessId,
    /// What was found.
    pub verdict: Verdict,
    /// In the reviewer's words.
    pub note: String,
}

impl UseCase for ReviewFileAccess {
    type Outcome = HeldAccess;
    const NAME: &'static str = "review_file_access";

    fn asks(&self) -> Subject {
        Subject::of(self.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<HeldAccess> {
        let held = referral::get_held(unit, self.id).await?;
        let review = FileReview {
            verdict: self.verdict,
            note: self.note.clone(),
            reviewer: unit.caller()?.key(),
            create_time: unit.now(),
        };
        let reviewed = held.reviewed(review.clone())?;
        referral::insert_review(unit, self.id, &review).await?;
        unit.audit(&reviewed);
        Ok(reviewed)
    }
}

impl Recall for HeldAccess {
    fn outcome(&self) -> Outcome {
        // A review never changes.
        Outcome { id: self.access.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let held = referral::get_held(unit, outcome.id.into()).await?;
        unit.audit(&held);
        Ok(held)
    }
}
