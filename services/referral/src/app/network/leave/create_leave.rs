//! Enters a leave.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{Child, PractitionerId},
};

use super::{ensure_colleague, ensure_decides};
use crate::{
    domain::network::{Leave, LeaveName},
    store::network,
};

/// Enters the leave of a practitioner of the caller's organisation.
#[derive(Debug, Clone)]
pub struct CreateLeave {
    /// Whose, and the id, drawn before anything is stored.
    pub name: LeaveName,
    /// The first day away and the first day back.
    pub days: (NaiveDate, NaiveDate),
    /// Who acts meanwhile.
    pub substitute: Option<Child<PractitionerId>>,
}

impl UseCase for CreateLeave {
    type Outcome = Leave;
    const NAME: &'static str = "create_leave";

    fn asks(&self) -> Subject {
        self.name.practitioner.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Leave> {
        ensure_colleague(unit, self.name.practitioner).await?;
        ensure_decides(unit.caller()?, self.name.practitioner)?;
        let leave = Leave::try_new(self.name, self.days, self.substitute, unit.now())?;
        network::insert_leave(unit, &leave).await?;
        unit.audit(Subject::of(leave.name));
        Ok(leave)
    }
}
