//! Enters a unit into the directory.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::{Child, UnitId},
};

use super::ensure_administers;
use crate::{
    domain::network::{Unit, UnitKind},
    store::network,
};

/// Enters a unit.
#[derive(Debug, Clone)]
pub struct CreateUnit {
    /// Its organisation and id, the id drawn before anything is stored.
    pub name: Child<UnitId>,
    /// The name people read.
    pub display_name: String,
    /// What kind it is.
    pub kind: UnitKind,
}

impl UseCase for CreateUnit {
    type Outcome = Unit;
    const NAME: &'static str = "create_unit";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Unit> {
        ensure_administers(unit.caller()?, self.name.organisation)?;
        let entered = Unit {
            name: self.name,
            display_name: self.display_name.clone(),
            kind: self.kind,
            create_time: unit.now(),
            contact: None,
        };
        network::insert_unit(unit, &entered).await?;
        unit.audit(entered.name);
        Ok(entered)
    }
}
