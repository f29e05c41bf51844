//! Adds up a convention's ledger anew.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::{ensure_keeps, get_for_caller};
use crate::{domain::convention::Recount, store::convention};

/// The most differences that are told.
const MOST: i64 = 100;

/// Holds what is reported against the ledger's entries.
#[derive(Debug, Clone, Copy)]
pub struct RecountUsage(pub ConventionId);

impl UseCase for RecountUsage {
    type Outcome = Recount;
    const NAME: &'static str = "recount_usage";
    // The ledger is a worker's; whether the caller may know it is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Recount> {
        let convention = get_for_caller(unit, self.0).await?;
        ensure_keeps(unit.caller()?, &convention)?;
        unit.audit(self.0);
        convention::recount(unit, self.0, MOST).await
    }
}
