//! What a repeated request answers: what came out, as it was in that version. Of a record that was erased since, nothing.

use relais_platform::{
    Result,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{
    domain::identity::{Dismissal, Erasure, Hold, Merge, Record},
    store::identity,
};

/// A merge, a dismissal or a hold as it was made, and as it was taken back.
const MADE: i64 = 1;
const TAKEN_BACK: i64 = 2;

impl Recall for Record {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        let was = identity::get_at(unit, organisation, outcome.id.into(), Some(outcome.version)).await?;
        unit.audit(was.id);
        Ok(was)
    }
}

impl Recall for Merge {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: if self.unmerge_time.is_none() { MADE } else { TAKEN_BACK } }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        let merge = identity::get_merge(unit, organisation, outcome.id).await?;
        unit.audit(merge.merged);
        Ok(if outcome.version == MADE { Self { unmerge_time: None, ..merge } } else { merge })
    }
}

impl Recall for Dismissal {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: if self.end_time.is_none() { MADE } else { TAKEN_BACK } }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        let dismissal = identity::get_dismissal(unit, organisation, outcome.id).await?;
        unit.audit(dismissal.patient);
        unit.audit(dismissal.other);
        Ok(if outcome.version == MADE { Self { end_time: None, ..dismissal } } else { dismissal })
    }
}

impl Recall for Hold {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: if self.lift_time.is_none() { MADE } else { TAKEN_BACK } }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        let hold = identity::get_hold(unit, organisation, outcome.id).await?;
        unit.audit(hold.patient);
        Ok(if outcome.version == MADE { Self { lift_time: None, ..hold } } else { hold })
    }
}

impl Recall for Erasure {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.patient.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let organisation = unit.caller()?.acting_organisation()?;
        unit.audit(relais_platform::ids::PatientId(outcome.id));
        identity::find_erasure(unit, organisation, outcome.id.into()).await
    }
}
