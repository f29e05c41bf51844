//! How a referral goes on under the terms that admitted it.

use relais_platform::{Result, database::Unit, ids::ConventionId};

use crate::{domain::convention::Conditions, store::convention};

/// The conditions of a version of a convention's terms. Of terms that are not there, the usual ones.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn conditions_of(unit: &mut Unit<'_>, id: ConventionId, version: i64) -> Result<Conditions> {
    Ok(convention::find_conditions(unit, id, version).await?.unwrap_or_default())
}
