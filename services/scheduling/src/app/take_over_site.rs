//! Takes over a site of the directory.

use std::str::FromStr;

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
};
use relais_proto::events::v1;

use crate::{domain::opening::Site, store::site::Sites};

/// Takes over a site, or what is new of it. Slots that were made stay where they are.
#[derive(Debug, Clone)]
pub struct TakeOverSite(Site);

impl TakeOverSite {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's name or zone is none: the message is parked.
    pub fn try_new(told: &v1::SiteRegistered) -> Result<Self> {
        let mut check = Check::default();
        let name = check.child("site", &told.site);
        check.ensure("time_zone", chrono_tz::Tz::from_str(&told.time_zone).is_ok(), "must be an IANA time zone");
        let country_code = check.optional_text("country_code", &told.country_code, 2);
        let site = Site { name, time_zone: told.time_zone.clone(), country_code };
        check.finish().map(|()| Self(site))
    }
}

impl UseCase for TakeOverSite {
    type Outcome = ();
    const NAME: &'static str = "take_over_site";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Sites>().take_over(self.0.clone());
        Ok(())
    }
}
