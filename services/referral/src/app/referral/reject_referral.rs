//! Rejects a referral, with a reason and, where there is one, with an alternative.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::ReferralId,
};

use super::{keep::keep, seen, take_step::open_to};
use crate::{
    app::convention::Elsewhere,
    domain::referral::{Cause, Move, Others, Place, Reason, Referral, Step, go, may_reject},
    store::referral,
};

/// Rejects a referral that the caller's organisation was asked to take.
#[derive(Debug, Clone, Copy)]
pub struct RejectReferral {
    /// Which.
    pub id: ReferralId,
    /// Why.
    pub reason: Reason,
    /// Where else the patient may be sent.
    pub alternative: Option<Place>,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for RejectReferral {
    type Outcome = Referral;
    const NAME: &'static str = "reject_referral";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let (open, by) = open_to(unit, self.id, self.seen).await?;
        let state = go(&open, Move::Reject)?;
        let elsewhere = Elsewhere::find(unit, (open.convention, open.convention_version), open.provider).await?;
        let named = self.alternative.map(|place| named(place, &open, &elsewhere));
        may_reject(self.reason, named, others(unit, &open, &elsewhere).await?)?;
        if let Some(place) = self.alternative {
            ensure_elsewhere(unit, place, &open).await?;
        }
        let step = Step { alternative: self.alternative, ..Step::new(Cause::Call, self.reason.as_str()) };
        let rejected = keep(unit, open, state, &step.by(by.0, by.1)).await?;
        seen(unit, rejected)
    }
}

/// Who else takes patients under its convention.
async fn others(unit: &mut Unit<'_>, open: &Referral, elsewhere: &Elsewhere) -> Result<Others> {
    let site = match open.site {
        Some(wished) => elsewhere.has_site_besides(unit, wished).await?,
        // Of all sites, none has a place.
        None => false,
    };
    Ok(Others { provider: !elsewhere.providers().is_empty(), site })
}

/// What a place is under its convention.
fn named(place: Place, open: &Referral, elsewhere: &Elsewhere) -> Others {
    let is_other = |organisation| elsewhere.providers().contains(&organisation);
    match place {
        Place::Organisation(organisation) => Others { provider: is_other(organisation), site: false },
        Place::Site(site) => {
            let receives = elsewhere.receives(site) && Some(site) != open.site;
            let provider = receives && is_other(site.organisation);
            Others { provider, site: receives && !provider }
        }
    }
}

/// An alternative is a place of the directory, and neither the one that rejects nor the one that sent the patient.
async fn ensure_elsewhere(unit: &mut Unit<'_>, place: Place, open: &Referral) -> Result<()> {
    let same = match place {
        Place::Organisation(organisation) => [open.provider, open.referrer].contains(&organisation),
        Place::Site(site) => Some(site) == open.site || site.organisation == open.referrer,
    };
    if !same && referral::is_place(unit, place).await? {
        return Ok(());
    }
    let rule = "must be another organisation or site of the directory";
    Err(Error::invalid(vec![Violation::new("alternative", rule)]))
}
