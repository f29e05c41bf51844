//! What a repeated request answers: entries of the directory do not change but for sites, of which each version is kept, and
//! contacts and registrations, which are left out as they were left out then.

use relais_platform::{
    Error, Result,
    calls::{Outcome, Recall},
    database,
    ids::{PractitionerId, SiteId, UnitId},
};

use crate::{
    domain::network::{Organisation, Practitioner, Registration, Site, Unit},
    store::network,
};

const ONLY: i64 = 1;

impl Recall for Organisation {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let now = network::get_organisation(unit, outcome.id.into()).await?;
        Ok(Self { contact: None, ..now })
    }
}

impl Recall for Unit {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = UnitId::from(outcome.id);
        let now = network::find_unit(unit, id).await?.ok_or_else(|| Error::not_found(id))?;
        Ok(Self { contact: None, ..now })
    }
}

impl Recall for Site {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: self.version }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = SiteId::from(outcome.id);
        network::find_site_at(unit, id, outcome.version).await?.ok_or_else(|| Error::not_found(id))
    }
}

impl Recall for Practitioner {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = PractitionerId::from(outcome.id);
        let now = network::find_practitioner(unit, id).await?.ok_or_else(|| Error::not_found(id))?;
        let first = now.registrations.into_iter().filter(|registration| registration.name.id == id.0);
        Ok(Self { registrations: first.map(|registration| registration.at(ONLY)).collect(), ..now })
    }
}

impl Recall for Registration {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id, version: self.version }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let found = network::find_registration(unit, outcome.id).await?;
        found.map(|found| found.at(outcome.version)).ok_or_else(|| Error::not_found("the registration"))
    }
}
