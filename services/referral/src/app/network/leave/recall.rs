//! What a repeated request answers: the version that it made.

use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database,
    ids::UnitId,
};

use crate::{
    domain::network::{Leave, UnitSubstitute},
    store::network,
};

impl Recall for Leave {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id, version: self.version }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let found = network::find_leave(unit, outcome.id, Some(outcome.version)).await?;
        let leave = found.ok_or_else(|| Error::not_found("the leave"))?;
        unit.audit(Subject::of(leave.name));
        Ok(leave)
    }
}

impl Recall for UnitSubstitute {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.unit.id.0, version: self.version }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = UnitId::from(outcome.id);
        let found = network::find_substitute(unit, id, Some(outcome.version)).await?;
        found.ok_or_else(|| Error::not_found(id))
    }
}
