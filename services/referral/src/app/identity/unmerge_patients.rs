//! Takes a merge back.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::PatientId,
};

use crate::{
    domain::identity::{Merge, State},
    store::identity,
};

/// Takes the merge of a record of the caller's organisation back.
#[derive(Debug, Clone, Copy)]
pub struct UnmergePatients {
    /// The record that was merged.
    pub merged: PatientId,
}

impl UseCase for UnmergePatients {
    type Outcome = Merge;
    const NAME: &'static str = "unmerge_patients";

    fn asks(&self) -> Subject {
        self.merged.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Merge> {
        let organisation = unit.caller()?.acting_organisation()?;
        let record = identity::lock(unit, organisation, &[self.merged]).await?.pop();
        let mut record = record.ok_or_else(|| Error::not_found(self.merged))?;
        let standing = identity::find_standing_merge(unit, organisation, self.merged).await?;
        let rule = || Violation::new("patient-not-merged", "it is merged into no other");
        let mut merge = standing.ok_or_else(|| Error::refused("PATIENT_NOT_MERGED", vec![rule()]))?;
        let now = unit.now();
        record.state = State::Active;
        record.merged_into = None;
        record.version += 1;
        record.update_time = now;
        identity::save(unit, &record).await?;
        merge.unmerge_time = Some(now);
        identity::undo_merge(unit, organisation, &merge).await?;
        unit.audit(merge.survivor);
        unit.audit(merge.merged);
        Ok(merge)
    }
}
