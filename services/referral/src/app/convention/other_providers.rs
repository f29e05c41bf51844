//! Who else could take a patient under a convention, and where.

use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, ConventionId, OrganisationId, SiteId},
};

use crate::{
    domain::convention::Role,
    store::{convention, network},
};

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

/// Whether a provider receives a convention's patients at another site than this one, too.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn has_other_site(unit: &mut Unit<'_>, id: ConventionId, site: Child<SiteId>) -> Result<bool> {
    let found = convention::find(unit, id).await?;
    let sites = found.map(|convention| convention.terms.sites).unwrap_or_default();
    if sites.is_empty() {
        // Patients are received at all of them.
        return network::has_other_site(unit, site).await;
    }
    Ok(sites.iter().any(|other| other.organisation == site.organisation && *other != site))
}
