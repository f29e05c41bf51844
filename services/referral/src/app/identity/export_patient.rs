//! All that this service holds on a person.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::PatientId,
};
use uuid::Uuid;

use super::Vault;
use crate::{
    domain::{
        identity::{Duplicate, Hold, Merge, Patient},
        referral::{Referral, Transition},
    },
    store::{identity, referral},
};

/// Reads all on a record of the caller's organisation, and on those merged into it.
#[derive(Debug, Clone)]
pub struct ExportPatient {
    /// Which record.
    pub id: PatientId,
    /// Opens the persons.
    pub vault: Vault,
}

/// All that is held.
#[derive(Debug)]
pub struct Export {
    /// The record, then those merged into it.
    pub patients: Vec<Patient>,
    /// Their referrals.
    pub referrals: Vec<Referral>,
    /// The referrals' timelines.
    pub transitions: Vec<Transition>,
    /// Holds on them.
    pub holds: Vec<Hold>,
    /// Merges, also those taken back.
    pub merges: Vec<Merge>,
    /// Records that may be of the same person.
    pub duplicates: Vec<Duplicate>,
}

impl UseCase for ExportPatient {
    type Outcome = Export;
    const NAME: &'static str = "export_patient";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Export> {
        let organisation = unit.caller()?.acting_organisation()?;
        identity::get(unit, organisation, self.id).await?;
        let family = identity::family(unit, organisation, self.id).await?;
        let ids: Vec<Uuid> = family.iter().map(|id| id.0).collect();
        let mut patients = Vec::new();
        for record in identity::list(unit, organisation, &ids, None).await? {
            unit.audit(record.id);
            patients.push(self.vault.open(record).await?);
        }
        patients.sort_by_key(|patient| patient.record.id != self.id);
        let sent = referral::list_ids_of_patients(unit, organisation, &ids).await?;
        let referrals = referral::list_by_id(unit, &sent, None).await?;
        if referrals.len() < sent.len() {
            return Err(Error::denied("your unit does not see all of this patient's referrals"));
        }
        referrals.iter().for_each(|referral| unit.audit(referral.id));
        Ok(Export {
            patients,
            referrals,
            transitions: referral::list_transitions(unit, &sent).await?,
            holds: identity::list_holds(unit, organisation, &family).await?,
            merges: identity::list_merges(unit, organisation, &ids).await?,
            duplicates: identity::list_duplicates_of(unit, organisation, &ids).await?,
        })
    }
}
