//! Reads a convention.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::{is_party, sees_all};
use crate::{domain::convention::Convention, store::convention};

/// Reads a convention that the caller's organisation is a party of.
#[derive(Debug, Clone, Copy)]
pub struct GetConvention(pub ConventionId);

impl UseCase for GetConvention {
    type Outcome = Convention;
    const NAME: &'static str = "get_convention";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        get_for_caller(unit, self.0).await
    }
}

/// The convention, if the caller may know of it; absent otherwise.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_for_caller(unit: &mut Unit<'_>, id: ConventionId) -> Result<Convention> {
    let found = convention::find(unit, id).await?;
    let caller = unit.caller()?;
    let visible = found.filter(|convention| sees_all(caller) || is_party(caller, convention));
    visible.ok_or_else(|| Error::not_found(id))
}
