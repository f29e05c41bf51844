//! Sends a referral on to another provider: another referral replaces it.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, OrganisationId, ReferralId, SiteId},
};

use super::{
    judge::NOT_ADMITTED,
    keep::{begin, keep},
    seen,
    take_step::open_to,
};
use crate::{
    app::convention::{Elsewhere, refused},
    domain::{
        convention::{Short, judge_redirection},
        referral::{Cause, Move, Number, Place, Reason, Referral, Step, go, replacement},
    },
    store::{convention, identity, network},
};

/// Sends on a referral that the caller's organisation was asked to take.
#[derive(Debug, Clone)]
pub struct RedirectReferral {
    /// Which.
    pub id: ReferralId,
    /// Why.
    pub reason: Reason,
    /// To whom.
    pub provider: OrganisationId,
    /// Where there; none: wherever.
    pub site: Option<Child<SiteId>>,
    /// The id of the one that replaces it, drawn before anything is stored.
    pub replacement: ReferralId,
    /// Its number, drawn with it.
    pub number: Number,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for RedirectReferral {
    type Outcome = Referral;
    const NAME: &'static str = "redirect_referral";
    /// The referral that replaces it is the referrer's, not the caller's. All that is shown is the caller's own.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let (open, by) = open_to(unit, self.id, self.seen).await?;
        let state = go(&open, Move::Redirect)?;
        let elsewhere = Elsewhere::find(unit, (open.convention, open.convention_version), open.provider).await?;
        if !elsewhere.providers().contains(&self.provider) {
            let rule = "must be another provider of the referral's convention";
            return Err(Error::invalid(vec![Violation::new("provider", rule)]));
        }
        self.ensure_site(unit).await?;
        let terms = elsewhere.terms();
        let language = unit.language();
        let not_admitted = |failures| refused(NOT_ADMITTED, failures, language);
        judge_redirection(terms, self.provider, self.site).map_err(not_admitted)?;
        identity::ensure_in_use(unit, open.referrer, open.patient).await?;
        let standing = convention::find(unit, open.convention).await?;
        let standing = standing.ok_or_else(|| Error::not_found(open.convention))?;
        let drawn = (self.replacement, self.number.clone());
        let replacing = replacement(&open, drawn, (self.provider, self.site), (terms, standing.last_day), unit.now());
        let alternative = Some(Place::Organisation(self.provider));
        let step = Step { alternative, ..Step::new(Cause::Call, self.reason.as_str()) }.by(by.0, by.1);
        let sent_on = keep(unit, open, state, &step).await?;
        let begun = begin(unit, replacing, by, &terms.conditions, "").await?;
        begun.map_err(|short| not_admitted(short.iter().map(Short::failure).collect()))?;
        seen(unit, sent_on)
    }
}

impl RedirectReferral {
    async fn ensure_site(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(named) = self.site else { return Ok(()) };
        match network::find_site(unit, named.id).await? {
            Some(site) if site.name == named && named.organisation == self.provider => Ok(()),
            _ => Err(Error::invalid(vec![Violation::new("site", "must be a site of the provider")])),
        }
    }
}
