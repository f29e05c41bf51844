//! Enters a convention as a draft.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::ensure_keeps;
use crate::{
    domain::convention::{Convention, State, Terms},
    store::convention,
};

/// Enters a draft.
#[derive(Debug, Clone)]
pub struct CreateConvention {
    /// The id, drawn before anything is stored.
    pub id: ConventionId,
    /// The name people read.
    pub display_name: String,
    /// The terms.
    pub terms: Terms,
}

impl UseCase for CreateConvention {
    type Outcome = Convention;
    const NAME: &'static str = "create_convention";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let faults = self.terms.faults();
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let draft = Convention {
            id: self.id,
            display_name: self.display_name.clone(),
            state: State::Draft,
            version: 1,
            terms_version: 0,
            terms: self.terms.clone(),
            signature_date: None,
            create_time: unit.now(),
        };
        ensure_keeps(unit.caller()?, &draft)?;
        convention::insert(unit, &draft).await?;
        unit.audit(draft.id);
        Ok(draft)
    }
}
