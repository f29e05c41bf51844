//! Which day it is for an organisation: registers and leaves count by the days of people, not by those of UTC.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{OrganisationId, SiteId},
};

use crate::{domain::network::day_in, store::network};

/// Today by the clocks of an organisation that sends patients to a place. Where the directory knows no site of either, UTC's.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn local_day(
    unit: &mut Unit<'_>,
    of: OrganisationId,
    to: (OrganisationId, Option<SiteId>),
) -> Result<NaiveDate> {
    let now = unit.now();
    local_day_at(unit, of, to, now).await
}

/// As [`local_day`], the day of another instant.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn local_day_at(
    unit: &mut Unit<'_>,
    of: OrganisationId,
    to: (OrganisationId, Option<SiteId>),
    at: DateTime<Utc>,
) -> Result<NaiveDate> {
    let zone = network::find_zone(unit, of, to).await?;
    Ok(day_in(zone.as_deref().unwrap_or("UTC"), at))
}
