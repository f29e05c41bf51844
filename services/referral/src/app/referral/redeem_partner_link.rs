//! Opens a partner link, or counts a wrong code. What is tried in vain leaves its row, up to the limit of a minute and one beyond.

use std::time::Duration;

use chrono::TimeDelta;
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PartnerLinkId,
};

use crate::{domain::referral::partner_link::PartnerLink, store::partner_link};

/// Opens a link for whoever has its secret and its code. What does not open it is no error here: the wrong code is counted, and
/// that must be committed.
#[derive(Debug, Clone)]
pub struct RedeemPartnerLink {
    /// The link that the secret names.
    pub id: PartnerLinkId,
    /// What was given.
    pub hashes: partner_link::Hashes,
    /// How many tries may fail in a minute, of all links together.
    pub failed_per_minute: u32,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Redeemed {
    /// It opened.
    Opened(PartnerLink),
    /// It did not, whatever the reason.
    Shut,
    /// Too many tries have failed: again after this time.
    TooOften(Duration),
}

impl UseCase for RedeemPartnerLink {
    type Outcome = Redeemed;
    const NAME: &'static str = "redeem_partner_link";
    // Whoever calls acts for no organisation; the statement sees the one link whose secret was given.
    const SYSTEM: bool = true;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Redeemed> {
        // A row, whether it opened or not; what it opened is a row of its own.
        if let Some(link) = partner_link::redeem(unit, self.id, &self.hashes, self.failed_per_minute).await? {
            unit.audit(&link);
            unit.audit(link.referral);
            return Ok(Redeemed::Opened(link));
        }
        let (failed, since) = partner_link::count_failed(unit).await?;
        if failed <= i64::from(self.failed_per_minute) {
            unit.audit_refused(Subject::of(self.id), "LINK_REFUSED");
            return Ok(Redeemed::Shut);
        }
        // The first of the minute alone: whoever needs no token must not fill an audit that is kept for ever. How many there are,
        // the figures of calls tell.
        if failed == i64::from(self.failed_per_minute) + 1 {
            unit.audit_refused(Subject::of(self.id), "TOO_MANY_FAILED_LINKS");
        }
        let left = since + TimeDelta::minutes(1) - unit.now();
        Ok(Redeemed::TooOften(left.to_std().unwrap_or_default()))
    }
}
