//! What other services are told of sites: where time is counted how, and how one gets there.

use relais_platform::{Result, consumer::rebuild::Snapshot, database};
use relais_proto::events::v1::{SiteRegistered, SiteStop};
use uuid::Uuid;

use crate::{
    domain::network::{Site, Stop},
    store::network,
};

/// The next sites by id, each as the event that told of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_sites(unit: &mut database::Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let sites = network::list_all_sites(unit, after, limit).await?;
    let snapshot = |(site, country): &(Site, String)| {
        let events = vec![registered(site, country).into()];
        Snapshot { id: site.name.id.0, version: site.version, events }
    };
    Ok(sites.iter().map(snapshot).collect())
}

/// The event of a site: all that is said of it in this version.
pub(super) fn registered(site: &Site, country_code: &str) -> SiteRegistered {
    let access = &site.access;
    SiteRegistered {
        site: site.name.to_string(),
        time_zone: site.time_zone.clone(),
        country_code: country_code.into(),
        stops: access.stops.iter().map(stop).collect(),
        wheelchair: access.wheelchair.map(|told| told.as_str().into()).unwrap_or_default(),
        parking: access.parking,
        languages: access.languages.clone(),
        latitude: access.position.map(|place| place.latitude),
        longitude: access.position.map(|place| place.longitude),
    }
}

fn stop(value: &Stop) -> SiteStop {
    SiteStop {
        kind: value.kind.as_str().into(),
        display_name: value.display_name.clone(),
        code: value.code.clone(),
        walking_minutes: value.walking_minutes,
    }
}
