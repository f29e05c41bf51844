//! Enters a site into the directory.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::{Child, SiteId},
};

use super::{ensure_administers, snapshot_sites::registered};
use crate::{
    domain::network::{Access, Site},
    store::network,
};

/// Enters a site.
#[derive(Debug, Clone)]
pub struct CreateSite {
    /// Its organisation and id, the id drawn before anything is stored.
    pub name: Child<SiteId>,
    /// The name people read.
    pub display_name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// How one gets there.
    pub access: Access,
}

impl UseCase for CreateSite {
    type Outcome = Site;
    const NAME: &'static str = "create_site";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Site> {
        ensure_administers(unit.caller()?, self.name.organisation)?;
        let organisation = network::get_organisation(unit, self.name.organisation).await?;
        let site = Site {
            name: self.name,
            version: 1,
            display_name: self.display_name.clone(),
            time_zone: self.time_zone.clone(),
            access: self.access.clone(),
            create_time: unit.now(),
        };
        network::insert_site(unit, &site).await?;
        unit.emit(site.name.id, site.version, registered(&site, &organisation.country_code));
        unit.audit(site.name);
        Ok(site)
    }
}
