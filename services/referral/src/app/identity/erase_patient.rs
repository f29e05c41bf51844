//! Erases who a person is, for good.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};
use relais_proto::events::v1;

use crate::{
    domain::identity::{Erasure, may_erase},
    store::identity,
};

/// Erases a record of the caller's organisation, with those merged into it.
#[derive(Debug, Clone, Copy)]
pub struct ErasePatient(pub PatientId);

impl UseCase for ErasePatient {
    type Outcome = Erasure;
    const NAME: &'static str = "erase_patient";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Erasure> {
        let organisation = unit.caller()?.acting_organisation()?;
        // The record itself first: from here on none is merged into it and no referral is begun for it.
        let record = identity::lock(unit, organisation, &[self.0]).await?.pop();
        let record = record.ok_or_else(|| Error::not_found(self.0))?;
        let family = identity::family(unit, organisation, self.0).await?;
        identity::lock(unit, organisation, &family).await?;
        let holds = identity::list_holds(unit, organisation, &family).await?;
        let referrals = identity::open_referrals(unit, organisation, &family).await?;
        may_erase(&record, &holds, &referrals, unit.now())?;
        identity::erase(unit, organisation, &family).await?;
        for id in &family {
            unit.audit(*id);
            // The one event of a record's erasure: the others forget whose things are what they hold.
            unit.emit(*id, 1, v1::ErasureMade { patient: id.to_string() });
        }
        Ok(Erasure { patient: self.0, version: record.version + 1, erase_time: unit.now() })
    }
}
