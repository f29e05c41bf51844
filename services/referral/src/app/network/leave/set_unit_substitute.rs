//! Names who stands in for a unit.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{self, UseCase},
    error::Violation,
    ids::{Child, PractitionerId, UnitId},
};

use super::ensure_own_unit;
use crate::{
    domain::network::{NOT_ANOTHER, UnitSubstitute},
    store::network,
};

/// Names the practitioner who stands in for a unit of the caller's organisation, or nobody.
#[derive(Debug, Clone, Copy)]
pub struct SetUnitSubstitute {
    /// The unit.
    pub unit: Child<UnitId>,
    /// Who.
    pub substitute: Option<Child<PractitionerId>>,
}

impl UseCase for SetUnitSubstitute {
    type Outcome = UnitSubstitute;
    const NAME: &'static str = "set_unit_substitute";

    fn asks(&self) -> Subject {
        self.unit.into()
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<UnitSubstitute> {
        ensure_own_unit(unit, self.unit).await?;
        if self.substitute.is_some_and(|other| other.organisation != self.unit.organisation) {
            return Err(Error::invalid(vec![Violation::new("substitute", NOT_ANOTHER)]));
        }
        let set = network::set_substitute(unit, self.unit, self.substitute.map(|name| name.id)).await?;
        unit.audit(self.unit);
        Ok(set)
    }
}
