//! Discards an amendment that is open.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{Wanted, change::get_to_change};
use crate::{
    domain::convention::{Convention, discard},
    store::convention,
};

/// Discards the amendment of a convention.
#[derive(Debug, Clone, Copy)]
pub struct DiscardAmendment(pub Wanted);

impl UseCase for DiscardAmendment {
    type Outcome = Convention;
    const NAME: &'static str = "discard_amendment";

    fn asks(&self) -> Subject {
        Subject::of(self.0.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let changed = discard(get_to_change(unit, self.0).await?)?;
        convention::save(unit, &changed).await?;
        unit.audit(changed.id);
        Ok(changed)
    }
}
