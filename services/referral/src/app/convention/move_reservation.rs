//! Judges the day and the site of a booking under the convention that admitted its referral, and moves what is reserved there.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{Child, SiteId},
};

use super::move_places;
use crate::{
    app::network::local_day_at,
    domain::{
        convention::{Bookable, Failure, Short, booking_sites, judge_day, judge_site},
        referral::Referral,
    },
    store::convention,
};

/// Whether an appointment of a referral may be booked on a day by the clocks of its site, and there; answers with when and where
/// appointments may be booked from now on without asking, or with what fails. Asked again for the same day and site, it answers the same.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn move_reservation(
    unit: &mut Unit<'_>,
    referral: &Referral,
    day: NaiveDate,
    site: Option<Child<SiteId>>,
) -> Result<Result<Bookable, Vec<Failure>>> {
    // As it stands now: an amendment or a termination may have moved its end.
    let convention = convention::find(unit, referral.convention).await?;
    let convention = convention.ok_or_else(|| Error::not_found(referral.convention))?;
    let place = (referral.provider, referral.site.map(|site| site.id));
    let admitted_on = local_day_at(unit, referral.referrer, place, referral.create_time).await?;
    let days = match judge_day(&convention, admitted_on, day) {
        Ok(days) => days,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(Err(refused)) = site.map(|site| judge_site(&convention.terms, site)) {
        return Ok(Err(refused));
    }
    let short = move_places(unit, referral, (day, site)).await?;
    if short.is_empty() {
        let sites = booking_sites(&convention.terms, referral.provider, site.or(referral.site));
        return Ok(Ok(Bookable { days, sites }));
    }
    Ok(Err(short.iter().map(Short::failure).collect()))
}
