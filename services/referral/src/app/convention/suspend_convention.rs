//! Suspends a convention: it admits nothing until it is resumed.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{Wanted, change::get_to_change};
use crate::{
    domain::convention::{Convention, Reason, suspend},
    store::convention,
};

/// Suspends a signed convention.
#[derive(Debug, Clone, Copy)]
pub struct SuspendConvention {
    /// Which.
    pub wanted: Wanted,
    /// Why.
    pub reason: Reason,
}

impl UseCase for SuspendConvention {
    type Outcome = Convention;
    const NAME: &'static str = "suspend_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.wanted.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let changed = suspend(get_to_change(unit, self.wanted).await?, self.reason)?;
        convention::save(unit, &changed).await?;
        unit.audit(changed.id);
        Ok(changed)
    }
}
