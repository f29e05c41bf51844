//! Changes a draft.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{
    Wanted,
    change::get_to_change,
    create_convention::{ensure_agreement, ensure_renewal},
    ensure_keeps,
};
use crate::{
    domain::convention::{Convention, Terms, edit},
    store::convention,
};

/// Gives a draft another name, or other terms.
#[derive(Debug, Clone)]
pub struct UpdateConvention {
    /// Which.
    pub wanted: Wanted,
    /// The name people read; none: as it is.
    pub display_name: Option<String>,
    /// The terms; none: as they are.
    pub terms: Option<Terms>,
}

impl UseCase for UpdateConvention {
    type Outcome = Convention;
    const NAME: &'static str = "update_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.wanted.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let draft = get_to_change(unit, self.wanted).await?;
        let edited = edit(draft, self.display_name.clone(), self.terms.clone())?;
        if self.terms.is_some() {
            ensure_agreement(&edited.terms)?;
            ensure_renewal(unit, &edited).await?;
        }
        // Whoever is no party any more would not see what came of it.
        ensure_keeps(unit.caller()?, &edited)?;
        convention::save(unit, &edited).await?;
        if self.terms.is_some() {
            convention::insert_terms(unit, (edited.id, edited.entered), &edited.terms, None).await?;
        }
        unit.audit(edited.id);
        Ok(edited)
    }
}
