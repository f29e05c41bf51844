//! Enters a site into the directory.

use relais_platform::{
    Result,
    database::{self, UseCase},
    ids::{Child, SiteId},
};

use super::{
    ensure_administers,
    snapshot_sites::{ONLY, registered},
};
use crate::{domain::network::Site, store::network};

/// Enters a site.
#[derive(Debug, Clone)]
pub struct CreateSite {
    /// Its organisation and id, the id drawn before anything is stored.
    pub name: Child<SiteId>,
    /// The name people read.
    pub display_name: String,
    /// IANA time zone.
    pub time_zone: String,
}

impl UseCase for CreateSite {
    type Outcome = Site;
    const NAME: &'static str = "create_site";

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Site> {
        ensure_administers(unit.caller()?, self.name.organisation)?;
        let organisation = network::get_organisation(unit, self.name.organisation).await?;
        let site = Site {
            name: self.name,
            display_name: self.display_name.clone(),
            time_zone: self.time_zone.clone(),
            create_time: unit.now(),
        };
        network::insert_site(unit, &site).await?;
        unit.emit(site.name.id, ONLY, registered(&site, &organisation.country_code));
        unit.audit(site.name);
        Ok(site)
    }
}
