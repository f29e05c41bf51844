//! Who else could take a patient under a convention.

use relais_platform::{
    Result,
    database::Unit,
    ids::{ConventionId, OrganisationId},
};

use crate::{domain::convention::Role, store::convention};

/// The providers of a convention but one: where else a patient may be sent.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn other_providers(
    unit: &mut Unit<'_>,
    id: ConventionId,
    provider: OrganisationId,
) -> Result<Vec<OrganisationId>> {
    let found = convention::find(unit, id).await?;
    let parties = found.map(|convention| convention.terms.parties).unwrap_or_default();
    let others = parties.into_iter().filter(|party| party.role == Role::Provider && party.organisation != provider);
    Ok(others.map(|party| party.organisation).collect())
}
