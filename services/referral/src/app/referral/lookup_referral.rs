//! Finds a referral by the number that people say.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{open_file::numbered, seen};
use crate::{
    domain::referral::{Number, Referral},
    store::referral,
};

/// Finds a referral that the caller is a party of.
#[derive(Debug, Clone)]
pub struct LookupReferral(pub Number);

impl UseCase for LookupReferral {
    type Outcome = Referral;
    const NAME: &'static str = "lookup_referral";

    fn about(&self) -> Option<&str> {
        Some(self.0.as_str())
    }

    // What was refused is asked for by its number: whoever guesses leaves what they guessed.
    fn asks(&self) -> Subject {
        Subject::of(numbered(&self.0))
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let found = referral::get_by_number(unit, &self.0).await?;
        unit.audit(&found);
        seen(unit, found)
    }
}
