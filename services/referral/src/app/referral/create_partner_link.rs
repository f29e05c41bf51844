//! Makes a partner link.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    calls::{Outcome, Recall, caller::Purpose},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    domain::referral::partner_link::{Keys, PartnerLink, ensure_life},
    store::{partner_link, referral},
};

/// Makes a link to a referral that the caller is a party of.
#[derive(Debug, Clone)]
pub struct CreatePartnerLink {
    /// The referral.
    pub referral: ReferralId,
    /// What for.
    pub purpose: Purpose,
    /// Until when it can be opened.
    pub expires_at: DateTime<Utc>,
    /// What opens it, drawn before anything is stored.
    pub keys: Keys,
    /// What is kept of that.
    pub hashes: partner_link::Hashes,
}

/// A link that was made.
#[derive(Debug, Clone)]
pub struct Created {
    /// The link.
    pub link: PartnerLink,
    /// What opens it: told once.
    pub keys: Option<Keys>,
}

impl UseCase for CreatePartnerLink {
    type Outcome = Created;
    const NAME: &'static str = "create_partner_link";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Created> {
        ensure_life(self.expires_at, unit.now())?;
        let opened = referral::get(unit, self.referral).await?;
        unit.about(opened.number.as_str());
        let caller = unit.caller()?;
        let link = PartnerLink {
            id: self.keys.id,
            referral: opened.id,
            organisation: caller.acting_organisation()?,
            unit: caller.unit,
            purpose: self.purpose,
            expires_at: self.expires_at,
            create_time: unit.now(),
            wrong_codes: 0,
            used_at: None,
            revoked_at: None,
        };
        partner_link::insert(unit, &link, &self.hashes).await?;
        unit.audit(opened.id);
        unit.audit(link.id);
        Ok(Created { link, keys: Some(self.keys.clone()) })
    }
}

impl Recall for Created {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.link.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let link = partner_link::get(unit, outcome.id.into()).await?;
        unit.audit(link.id);
        // As it was when it was made.
        let link = PartnerLink { wrong_codes: 0, used_at: None, revoked_at: None, ..link };
        Ok(Self { link, keys: None })
    }
}
