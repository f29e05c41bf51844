//! Takes over a site of the directory.

use std::str::FromStr;

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
};
use relais_proto::events::v1;

use crate::{
    domain::{
        matching::{Access, Point, Stop, StopKind, Wheelchair},
        opening::Site,
    },
    store::site::Sites,
};

/// Takes over a site, or what is new of it. Slots that were made stay where they are.
#[derive(Debug, Clone)]
pub struct TakeOverSite(Site, Access);

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
        check.finish().map(|()| Self(site, access(told)))
    }
}

/// What is said of how one gets there. What a later program says in words that this one does not know, nobody said.
fn access(told: &v1::SiteRegistered) -> Access {
    let position = told.latitude.zip(told.longitude);
    Access {
        stops: told.stops.iter().filter_map(stop).collect(),
        wheelchair: Wheelchair::parse(&told.wheelchair),
        languages: told.languages.clone(),
        position: position.map(|(latitude, longitude)| Point { latitude, longitude }),
    }
}

fn stop(told: &v1::SiteStop) -> Option<Stop> {
    let (display_name, walking_minutes) = (told.display_name.clone(), told.walking_minutes);
    Some(Stop { kind: StopKind::parse(&told.kind)?, display_name, walking_minutes })
}

impl UseCase for TakeOverSite {
    type Outcome = ();
    const NAME: &'static str = "take_over_site";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Sites>().take_over(self.0.clone(), self.1.clone());
        Ok(())
    }
}
