//! Takes back that two records are of two people.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::PatientId,
};

use crate::{
    domain::identity::{Dismissal, ensure_pair},
    store::identity,
};

/// Takes the dismissal of a pair of the caller's organisation back: it is proposed again while it looks alike.
#[derive(Debug, Clone, Copy)]
pub struct UndismissDuplicate {
    /// One record.
    pub patient: PatientId,
    /// The other.
    pub other: PatientId,
}

impl UseCase for UndismissDuplicate {
    type Outcome = Dismissal;
    const NAME: &'static str = "undismiss_duplicate";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Dismissal> {
        let organisation = unit.caller()?.acting_organisation()?;
        ensure_pair(self.patient, self.other)?;
        identity::lock(unit, organisation, &[self.patient, self.other]).await?;
        let pair = (self.patient, self.other);
        let standing = identity::find_standing_dismissal(unit, organisation, pair).await?;
        let rule = || Violation::new("duplicate-not-dismissed", "nobody says that they are two people");
        let standing = standing.ok_or_else(|| Error::refused("DUPLICATE_NOT_DISMISSED", vec![rule()]))?;
        identity::end_dismissals(unit, organisation, self.patient, &[self.other]).await?;
        unit.audit(self.patient);
        unit.audit(self.other);
        Ok(Dismissal { end_time: Some(unit.now()), ..standing })
    }
}
