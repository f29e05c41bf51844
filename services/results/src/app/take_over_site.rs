//! Takes over a site of the directory.

use relais_platform::{
    Error, Result,
    calls::Check,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, SiteId},
};
use relais_proto::events::v1;

use crate::store::{self, site::Sites};

/// Takes over a site: whose it is.
#[derive(Debug, Clone, Copy)]
pub struct TakeOverSite(Child<SiteId>);

impl TakeOverSite {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's name is none: the message is parked.
    pub fn try_new(told: &v1::SiteRegistered) -> Result<Self> {
        let mut check = Check::default();
        let site = check.child("site", &told.site);
        check.finish().map(|()| Self(site))
    }
}

impl UseCase for TakeOverSite {
    type Outcome = ();
    const NAME: &'static str = "take_over_site";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Sites>().take_over(self.0);
        Ok(())
    }
}

/// Where something was done is a site of the caller's organisation, if it is named: a mistyped one would be counted nowhere, and
/// another's there.
///
/// # Errors
/// INVALID_ARGUMENT naming the field.
pub(super) async fn ensure_own_site(unit: &mut Unit<'_>, field: &str, site: Option<Child<SiteId>>) -> Result<()> {
    match site {
        Some(site) if !store::site::is_own(unit, site).await? => {
            Err(Error::invalid(vec![Violation::new(field, "must be a site of your organisation")]))
        }
        _ => Ok(()),
    }
}
