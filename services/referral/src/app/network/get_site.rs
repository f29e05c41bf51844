//! Reads a site.

use relais_platform::{
    Error, Result,
    database::{self, UseCase},
    ids::{Child, SiteId},
};

use crate::{domain::network::Site, store::network};

/// Reads a site; the directory is open to every caller.
#[derive(Debug, Clone, Copy)]
pub struct GetSite(pub Child<SiteId>);

impl UseCase for GetSite {
    type Outcome = Site;
    const NAME: &'static str = "get_site";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Site> {
        let found = network::find_site(unit, self.0.id).await?;
        found.filter(|site| site.name == self.0).ok_or_else(|| Error::not_found(self.0))
    }
}
