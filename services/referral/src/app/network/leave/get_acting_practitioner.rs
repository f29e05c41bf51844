//! Says who acts.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{self, UseCase},
    ids::{Child, PractitionerId, UnitId},
};

use super::{ensure_colleague, ensure_own_unit};
use crate::{
    domain::network::{Acting, Standing, acting},
    store::network,
};

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
        let named = network::find_substitute(unit, self.unit.id, None).await?;
        let leaves = network::leaves_on(unit, self.unit, self.day).await?;
        // The directory does not say yet who was struck off.
        let standing =
            Standing { unit_substitute: named.and_then(|named| named.substitute), leaves: &leaves, struck_off: &[] };
        Ok(acting(self.practitioner.map(|name| name.id), self.day, &standing))
    }
}
