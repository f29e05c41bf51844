//! Enters a convention as a draft.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::{ensure_keeps, get_for_caller};
use crate::{
    domain::convention::{Convention, Terms, renewal_faults},
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
    /// The convention that it renews.
    pub renews: Option<ConventionId>,
}

impl UseCase for CreateConvention {
    type Outcome = Convention;
    const NAME: &'static str = "create_convention";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        ensure_agreement(&self.terms)?;
        let draft = Convention::draft(self.id, self.display_name.clone(), self.terms.clone(), unit.now());
        let draft = match self.renews {
            None => draft,
            Some(renewed) => {
                let parent = get_for_caller(unit, renewed).await?;
                ensure_keeps(unit.caller()?, &parent)?;
                ensure_renews(&parent, &self.terms)?;
                draft.renewing(&parent)
            }
        };
        ensure_keeps(unit.caller()?, &draft)?;
        convention::insert(unit, &draft).await?;
        convention::insert_terms(unit, (draft.id, draft.entered), &draft.terms, None).await?;
        unit.audit(draft.id);
        Ok(draft)
    }
}

/// What is no agreement is told all at once.
pub(super) fn ensure_agreement(terms: &Terms) -> Result<()> {
    let faults = terms.faults();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// What keeps terms from renewing a convention is told all at once.
fn ensure_renews(parent: &Convention, terms: &Terms) -> Result<()> {
    let faults = renewal_faults(parent, terms);
    if faults.is_empty() { Ok(()) } else { Err(Error::refused("RENEWAL_REFUSED", faults)) }
}

/// As [`ensure_renews`], of a draft that renews a convention.
pub(super) async fn ensure_renewal(unit: &mut Unit<'_>, draft: &Convention) -> Result<()> {
    let Some(renewed) = draft.renews else { return Ok(()) };
    let parent = convention::find(unit, renewed).await?.ok_or_else(|| Error::not_found(renewed))?;
    ensure_renews(&parent, &draft.terms)
}
