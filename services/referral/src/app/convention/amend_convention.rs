//! Enters an amendment: other terms, open beside those in force.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{Wanted, change::get_to_change, create_convention::ensure_agreement};
use crate::{
    domain::convention::{Convention, Terms, amend},
    store::convention,
};

/// Enters an amendment of a signed convention.
#[derive(Debug, Clone)]
pub struct AmendConvention {
    /// Which.
    pub wanted: Wanted,
    /// The terms.
    pub terms: Terms,
    /// The first day that they judge.
    pub effective_date: NaiveDate,
}

impl UseCase for AmendConvention {
    type Outcome = Convention;
    const NAME: &'static str = "amend_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.wanted.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let signed = get_to_change(unit, self.wanted).await?;
        ensure_agreement(&self.terms)?;
        let amended = amend(signed, self.terms.clone(), self.effective_date, unit.now().date_naive())?;
        convention::save(unit, &amended).await?;
        let number = (amended.id, amended.entered);
        convention::insert_terms(unit, number, &self.terms, Some(self.effective_date)).await?;
        unit.audit(amended.id);
        Ok(amended)
    }
}
