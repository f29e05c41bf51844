//! What a repeated request answers: entries of the directory do not change, so their one version is read again.

use relais_platform::{
    Error, Result,
    calls::{Outcome, Recall},
    database,
    ids::{PractitionerId, SiteId, UnitId},
};

use crate::{
    domain::network::{Organisation, Practitioner, Site, Unit},
    store::network,
};

const ONLY: i64 = 1;

impl Recall for Organisation {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        network::get_organisation(unit, outcome.id.into()).await
    }
}

impl Recall for Unit {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = UnitId::from(outcome.id);
        network::find_unit(unit, id).await?.ok_or_else(|| Error::not_found(id))
    }
}

impl Recall for Site {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = SiteId::from(outcome.id);
        network::find_site(unit, id).await?.ok_or_else(|| Error::not_found(id))
    }
}

impl Recall for Practitioner {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: ONLY }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = PractitionerId::from(outcome.id);
        network::find_practitioner(unit, id).await?.ok_or_else(|| Error::not_found(id))
    }
}
