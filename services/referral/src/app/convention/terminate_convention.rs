//! Ends a convention before its end date.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{
    Wanted,
    change::{get_to_change, shorten},
};
use crate::{
    domain::convention::{Convention, Reason, terminate},
    store::convention,
};

/// Ends a signed convention.
#[derive(Debug, Clone, Copy)]
pub struct TerminateConvention {
    /// Which.
    pub wanted: Wanted,
    /// The last day on which it admits.
    pub last_day: NaiveDate,
    /// Why.
    pub reason: Reason,
}

impl UseCase for TerminateConvention {
    type Outcome = Convention;
    const NAME: &'static str = "terminate_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.wanted.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let signed = get_to_change(unit, self.wanted).await?;
        let changed = terminate(signed, self.last_day, unit.now().date_naive(), self.reason)?;
        convention::save(unit, &changed).await?;
        convention::settle_days(unit, &changed).await?;
        shorten(unit, &changed);
        unit.audit(changed.id);
        Ok(changed)
    }
}
