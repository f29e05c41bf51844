//! Merges two records of one person.
//!
//! Neither person is changed, nor any referral: the merged record names its survivor, and that is all. So taking it back restores
//! both exactly, see `unmerge_patients.rs`.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};
use uuid::Uuid;

use crate::{
    domain::identity::{Merge, MergeReason, State, ensure_mergeable, ensure_other},
    store::identity,
};

/// Merges a record of the caller's organisation into another.
#[derive(Debug, Clone, Copy)]
pub struct MergePatients {
    /// The merge's id, drawn before anything is stored.
    pub id: Uuid,
    /// The record that lives on.
    pub survivor: PatientId,
    /// The record that is merged into it.
    pub merged: PatientId,
    /// Why.
    pub reason: MergeReason,
}

impl UseCase for MergePatients {
    type Outcome = Merge;
    const NAME: &'static str = "merge_patients";

    fn asks(&self) -> Subject {
        self.merged.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Merge> {
        let organisation = unit.caller()?.acting_organisation()?;
        ensure_other(self.survivor, self.merged)?;
        let records = identity::lock(unit, organisation, &[self.survivor, self.merged]).await?;
        let (merged, survivor): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.id == self.merged);
        let (Some(mut merged), Some(survivor)) = (merged.into_iter().next(), survivor.into_iter().next()) else {
            return Err(Error::not_found(self.merged));
        };
        ensure_mergeable(&survivor, &merged)?;
        let now = unit.now();
        merged.state = State::Merged;
        merged.merged_into = Some(survivor.id);
        merged.version += 1;
        merged.update_time = now;
        identity::save(unit, &merged).await?;
        let merge = Merge {
            id: self.id,
            survivor: survivor.id,
            merged: merged.id,
            reason: self.reason,
            merge_time: now,
            unmerge_time: None,
        };
        identity::insert_merge(unit, organisation, &merge).await?;
        unit.audit(merge.survivor);
        unit.audit(merge.merged);
        Ok(merge)
    }
}
