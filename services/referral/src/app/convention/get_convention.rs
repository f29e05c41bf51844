//! Reads a convention.

use std::sync::Arc;

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
    match convention::find(unit, id).await? {
        Some(convention) if may_know(unit, &convention)? => Ok(convention),
        _ => Err(Error::not_found(id)),
    }
}

/// As [`get_for_caller`], to judge by: from memory where it can be.
///
/// # Errors
/// As there.
pub async fn get_to_judge(unit: &mut Unit<'_>, id: ConventionId) -> Result<Arc<Convention>> {
    if let Some(kept) = convention::kept(id)
        && may_know(unit, &kept)?
    {
        return Ok(kept);
    }
    // Somebody else's is looked for as one that is not there: what is in memory must tell nobody that there is one.
    let read = Arc::new(get_for_caller(unit, id).await?);
    convention::keep(&read);
    Ok(read)
}

fn may_know(unit: &Unit<'_>, convention: &Convention) -> Result<bool> {
    let caller = unit.caller()?;
    Ok(sees_all(caller) || is_party(caller, convention))
}
