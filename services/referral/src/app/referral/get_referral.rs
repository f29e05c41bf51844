//! Reads a referral.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    domain::referral::{Referral, is_party},
    store::referral,
};

/// Reads a referral that the caller is a party of, or whose file the caller opened.
#[derive(Debug, Clone, Copy)]
pub struct GetReferral(pub ReferralId);

impl UseCase for GetReferral {
    type Outcome = Referral;
    const NAME: &'static str = "get_referral";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Referral> {
        let found = referral::get_or_opened(unit, self.0).await?;
        unit.about(found.number.as_str());
        let (organisation, desk) = (unit.caller()?.acting_organisation()?, unit.caller()?.unit);
        let subject = Subject::from(&found);
        if is_party(&found.parties, organisation, desk) {
            unit.audit(subject);
        } else {
            let access = referral::find_live(unit, found.id).await?;
            unit.audit(subject.purpose(access.map(|access| access.purpose()).unwrap_or_default()));
        }
        Ok(found)
    }
}
