//! What other services are told of sites: where time is counted how.

use relais_platform::{Result, consumer::rebuild::Snapshot, database};
use relais_proto::events::v1::SiteRegistered;
use uuid::Uuid;

use crate::{domain::network::Site, store::network};

/// Sites do not change.
pub(super) const ONLY: i64 = 1;

/// The next sites by id, each as the event that told of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_sites(unit: &mut database::Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let sites = network::list_all_sites(unit, after, limit).await?;
    let snapshot = |(site, country): &(Site, String)| {
        let events = vec![registered(site, country).into()];
        Snapshot { id: site.name.id.0, version: ONLY, events }
    };
    Ok(sites.iter().map(snapshot).collect())
}

/// The event of a site.
pub(super) fn registered(site: &Site, country_code: &str) -> SiteRegistered {
    SiteRegistered { site: site.name.to_string(), time_zone: site.time_zone.clone(), country_code: country_code.into() }
}
