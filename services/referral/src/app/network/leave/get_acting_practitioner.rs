//! Says who acts.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{self, UseCase},
    ids::{Child, PractitionerId, UnitId},
};

use super::{WhoActs, acting_on, ensure_colleague, ensure_own_unit};
use crate::domain::network::Acting;

/// Says who acts for a practitioner of a unit, or for the unit, on a day, and why.
#[derive(Debug, Clone, Copy)]
pub struct GetActingPractitioner {
    /// Who is asked for.
    pub practitioner: Option<Child<PractitionerId>>,
    /// The unit.
    pub unit: Child<UnitId>,
    /// The day.
    pub day: NaiveDate,
}

impl UseCase for GetActingPractitioner {
    type Outcome = Acting;
    const NAME: &'static str = "get_acting_practitioner";

    fn asks(&self) -> Subject {
        self.unit.into()
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Acting> {
        ensure_own_unit(unit, self.unit).await?;
        if let Some(practitioner) = self.practitioner {
            ensure_colleague(unit, practitioner).await?;
            unit.audit(practitioner);
        }
        let asked = WhoActs {
            organisation: self.unit.organisation,
            unit: Some(self.unit.id),
            practitioner: self.practitioner.map(|name| name.id),
            day: self.day,
            register: None,
        };
        Ok(acting_on(unit, asked).await?.0)
    }
}
