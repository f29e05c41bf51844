//! Says who receives the result of a referral now.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    app::{
        convention::conditions_of,
        network::{WhoActs, acting_on, local_day},
    },
    domain::{
        convention::Recipients,
        referral::{Recipient, Sent},
    },
    store::referral,
};

/// Asks for a service by itself.
#[derive(Debug, Clone, Copy)]
pub struct ResolveRecipients(pub ReferralId);

impl UseCase for ResolveRecipients {
    type Outcome = Vec<Recipient>;
    const NAME: &'static str = "resolve_recipients";
    // Services are no party of anything.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Recipient>> {
        let sent = referral::get_sent(unit, self.0).await?;
        unit.about(sent.number.as_str());
        unit.audit(Subject::from(self.0).patient(sent.patient));
        let (convention, version) = sent.convention;
        let conditions = conditions_of(unit, convention, version).await?;
        match conditions.recipients {
            Recipients::UnitClinicians(named) => Ok(vec![Recipient::of_unit(named)]),
            Recipients::PrescriberOrSubstitute => of_sender(unit, &sent, &conditions.prescribers.register).await,
        }
    }
}

async fn of_sender(unit: &mut Unit<'_>, sent: &Sent, register: &str) -> Result<Vec<Recipient>> {
    let day = local_day(unit, sent.referrer, (sent.provider, sent.site)).await?;
    let asked = WhoActs {
        organisation: sent.referrer,
        unit: sent.unit,
        practitioner: sent.prescriber,
        day,
        register: Some(register).filter(|register| !register.is_empty()),
    };
    let (acting, licensed) = acting_on(unit, asked).await?;
    Ok(Recipient::of_sender(sent, acting, licensed).into_iter().collect())
}
