//! Reads a referral.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    domain::referral::Referral,
    store::{partner_link, referral},
};

/// Reads a referral that the caller is a party of, that the caller's link opens, or whose file the caller opened.
#[derive(Debug, Clone, Copy)]
pub struct GetReferral(pub ReferralId);

impl UseCase for GetReferral {
    type Outcome = Referral;
    const NAME: &'static str = "get_referral";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let open = is_open(unit, self.0).await?;
        let found = referral::get_or_opened(unit, self.0).await?;
        if !open {
            return Err(Error::not_found(self.0));
        }
        unit.about(found.number.as_str());
        let subject = Subject::from(&found);
        let scope = unit.scope()?;
        if !scope.capacities(&found.parties).is_empty() {
            unit.audit(subject);
            let contents = scope.contents(&found.parties);
            return Ok(found.showing(&contents));
        }
        // Whoever opened the file sees all that the roles open: that is what it was opened for.
        let access = referral::find_live(unit, found.id).await?;
        unit.audit(subject.purpose(access.map(|access| access.purpose()).unwrap_or_default()));
        Ok(found.showing(&scope.contents))
    }
}

/// Whether the caller's link opens it; all others have none.
async fn is_open(unit: &mut Unit<'_>, id: ReferralId) -> Result<bool> {
    match unit.caller()?.grant {
        Some(grant) => Ok(partner_link::is_visited(unit, grant.link, grant.referral).await? && grant.referral == id),
        None => Ok(true),
    }
}
