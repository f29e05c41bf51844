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
    get_at(unit, id, None).await
}

/// As [`get_for_caller`], as it was in `version`.
///
/// # Errors
/// NOT_FOUND.
pub(super) async fn get_at(unit: &mut Unit<'_>, id: ConventionId, version: Option<i64>) -> Result<Convention> {
    match convention::find_at(unit, id, version).await? {
        // What is open beside it takes another statement: only then, for another's must look like none at all.
        Some(found) if may_know(unit, &found.convention)? => convention::whole(unit, found).await,
        _ => Err(Error::not_found(id)),
    }
}

fn may_know(unit: &Unit<'_>, convention: &Convention) -> Result<bool> {
    let caller = unit.caller()?;
    Ok(sees_all(caller) || is_party(caller, convention))
}
