//! Changes what is said of a site.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{self, UseCase},
    ids::{Child, SiteId},
};

use super::{ensure_administers, snapshot_sites::registered};
use crate::{
    domain::network::{Access, Site, SiteField},
    store::network,
};

/// Changes a site; those who search slots hear of it.
#[derive(Debug, Clone)]
pub struct UpdateSite {
    /// Which.
    pub name: Child<SiteId>,
    /// The name people read, if that changes.
    pub display_name: String,
    /// How one gets there, as far as that changes.
    pub access: Access,
    /// What changes.
    pub fields: Vec<SiteField>,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for UpdateSite {
    type Outcome = Site;
    const NAME: &'static str = "update_site";

    fn asks(&self) -> Subject {
        self.name.into()
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Site> {
        ensure_administers(unit.caller()?, self.name.organisation)?;
        let organisation = network::get_organisation(unit, self.name.organisation).await?;
        let found = network::find_site(unit, self.name.id).await?;
        let before = found.filter(|site| site.name == self.name).ok_or_else(|| Error::not_found(self.name))?;
        if self.seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::stale_etag());
        }
        let after = before.with(&self.display_name, &self.access, &self.fields);
        network::save_site(unit, &after).await?;
        unit.emit(after.name.id, after.version, registered(&after, &organisation.country_code));
        unit.audit(after.name);
        Ok(after)
    }
}
