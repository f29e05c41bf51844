//! Adds up a convention's ledgers anew: what was given, and what meters stand on.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::{ensure_keeps, get_for_caller, steps_for};
use crate::{domain::convention::Recount, store::convention};

/// The most differences that are told.
const MOST: i64 = 100;
const MOST_TOLD: usize = 100;

/// Holds what is reported, and what is left of each meter, against the ledgers' entries.
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
        let given = convention::recount(unit, self.0, MOST).await?;
        let (entries, of_meters) = convention::recount_meters(unit, self.0, MOST).await?;
        let differences = given.differences.into_iter().chain(of_meters).take(MOST_TOLD).collect();
        let exact = Recount { entries: given.entries + entries, total: given.total, differences };
        Ok(steps_for(unit.caller()?, &convention).recount(exact))
    }
}
