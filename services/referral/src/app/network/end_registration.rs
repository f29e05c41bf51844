//! Ends a registration of a practitioner: struck off, or otherwise.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{self, UseCase},
};

use super::ensure_administers;
use crate::{
    domain::network::{Registration, RegistrationEnd, RegistrationName},
    store::network,
};

/// Ends a registration from a day on.
#[derive(Debug, Clone, Copy)]
pub struct EndRegistration {
    /// Which.
    pub name: RegistrationName,
    /// The first day on which it licenses no longer.
    pub end: NaiveDate,
    /// Why.
    pub reason: RegistrationEnd,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for EndRegistration {
    type Outcome = Registration;
    const NAME: &'static str = "end_registration";

    fn asks(&self) -> Subject {
        Subject::of(self.name)
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Registration> {
        ensure_administers(unit.caller()?, self.name.practitioner.organisation)?;
        let found = network::find_registration(unit, self.name.id).await?;
        let standing = found.filter(|found| found.name == self.name).ok_or_else(|| Error::not_found(self.name))?;
        if self.seen.is_some_and(|seen| seen != standing.version) {
            return Err(Error::stale_etag());
        }
        let ended = standing.ended(self.end, self.reason)?;
        network::save_registration(unit, &ended).await?;
        unit.audit(Subject::of(ended.name));
        Ok(ended)
    }
}
