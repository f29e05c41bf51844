//! Signs the terms that are open: from then on referrals are judged by them.

use chrono::{NaiveDate, TimeDelta};
use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{
    Wanted,
    change::{get_to_change, shorten},
    create_convention::ensure_renewal,
    ensure_not_below_use,
    settle::tell_crossing,
};
use crate::{
    domain::convention::{Convention, State, sign},
    store::{convention, network},
};

/// Signs a draft, or an amendment.
#[derive(Debug, Clone)]
pub struct SignConvention {
    /// Which.
    pub wanted: Wanted,
    /// The day of the signature.
    pub signature_date: NaiveDate,
}

impl UseCase for SignConvention {
    type Outcome = Convention;
    const NAME: &'static str = "sign_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.wanted.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let open = get_to_change(unit, self.wanted).await?;
        let amended = open.state != State::Draft;
        if !amended {
            ensure_renewal(unit, &open).await?;
        }
        // Somewhere on Earth that day has begun: the furthest zone is fourteen hours ahead.
        let today = (unit.now() + TimeDelta::hours(14)).date_naive();
        let signed = sign(open, self.signature_date, today)?;
        // Whoever enters a meter by the terms of before is waited for here, and whoever is later sees the signature.
        convention::save(unit, &signed).await?;
        convention::save_signature(unit, &signed).await?;
        ensure_not_below_use(unit, &signed).await?;
        adopt(unit, &signed).await?;
        convention::settle_days(unit, &signed).await?;
        if amended {
            shorten(unit, &signed);
        }
        unit.audit(signed.id);
        Ok(signed)
    }
}

/// Brings the meters to the terms, and tells the thresholds that they come to by it: nothing may move them afterwards.
async fn adopt(unit: &mut Unit<'_>, signed: &Convention) -> Result<()> {
    for crossing in convention::adopt_terms(unit, signed).await? {
        let site = network::find_site(unit, crossing.site).await?;
        let named = (signed.id, signed.display_name.as_str());
        tell_crossing(unit, named, &signed.terms.parties, &crossing, site.map(|site| site.name.to_string()));
    }
    Ok(())
}
