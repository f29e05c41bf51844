//! Who else could take a patient under a convention, and where.

use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, ConventionId, OrganisationId, SiteId},
};

use crate::{
    domain::convention::{Role, Terms},
    store::{convention, network},
};

/// Where else than at one provider a convention's patients are received.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    provider: Option<OrganisationId>,
    providers: Vec<OrganisationId>,
    sites: Vec<Child<SiteId>>,
}

impl Elsewhere {
    /// Of a version of a convention, than at this provider.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub async fn find(
        unit: &mut Unit<'_>,
        (id, version): (ConventionId, i64),
        provider: OrganisationId,
    ) -> Result<Self> {
        let Terms { parties, sites, .. } = convention::get_version(unit, id, version).await?.terms;
        let others = parties.into_iter().filter(|party| party.role == Role::Provider && party.organisation != provider);
        let providers = others.map(|party| party.organisation).collect();
        Ok(Self { provider: Some(provider), providers, sites })
    }

    /// The other providers.
    pub fn providers(&self) -> &[OrganisationId] {
        &self.providers
    }

    /// Whether the same provider receives patients at another site than this one, too.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn has_site_besides(&self, unit: &mut Unit<'_>, site: Child<SiteId>) -> Result<bool> {
        if self.sites.is_empty() {
            // Patients are received at all of them.
            return network::has_other_site(unit, site).await;
        }
        Ok(self.sites.iter().any(|other| Some(other.organisation) == self.provider && *other != site))
    }

    /// Whether patients are received at this site, of the same provider or of another.
    pub fn receives(&self, site: Child<SiteId>) -> bool {
        let provides = Some(site.organisation) == self.provider || self.providers.contains(&site.organisation);
        provides && (self.sites.is_empty() || self.sites.contains(&site))
    }
}
