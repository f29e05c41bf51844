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
#[derive(Debug, Clone)]
pub struct Elsewhere {
    provider: OrganisationId,
    providers: Vec<OrganisationId>,
    terms: Terms,
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
        let terms = convention::get_version(unit, id, version).await?.terms;
        let others = terms.parties.iter();
        let others = others.filter(|party| party.role == Role::Provider && party.organisation != provider);
        let providers = others.map(|party| party.organisation).collect();
        Ok(Self { provider, providers, terms })
    }

    /// The terms that say so.
    pub fn terms(&self) -> &Terms {
        &self.terms
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
        if self.terms.sites.is_empty() {
            // Patients are received at all of them.
            return network::has_other_site(unit, site).await;
        }
        Ok(self.terms.sites.iter().any(|other| other.organisation == self.provider && *other != site))
    }

    /// Whether patients are received at this site, of the same provider or of another.
    pub fn receives(&self, site: Child<SiteId>) -> bool {
        let provides = site.organisation == self.provider || self.providers.contains(&site.organisation);
        provides && (self.terms.sites.is_empty() || self.terms.sites.contains(&site))
    }
}
