//! Reads a unit.

use relais_platform::{
    Error, Result,
    database::{self, UseCase},
    ids::{Child, UnitId},
};

use crate::{domain::network::Unit, store::network};

/// Reads a unit; the directory is open to every caller.
#[derive(Debug, Clone, Copy)]
pub struct GetUnit(pub Child<UnitId>);

impl UseCase for GetUnit {
    type Outcome = Unit;
    const NAME: &'static str = "get_unit";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Unit> {
        let found = network::find_unit(unit, self.0.id).await?;
        found.filter(|found| found.name == self.0).ok_or_else(|| Error::not_found(self.0))
    }
}
