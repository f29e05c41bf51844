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
        convention::LedgerEntry,
        identity::{Dismissal, Duplicate, Hold, Merge, Patient},
        referral::{Entry, FileAccess, PartnerLink, Referral, Transition},
    },
    store::{convention, identity, partner_link, referral},
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
    /// What other services told of the referrals.
    pub facts: Vec<Entry>,
    /// What was counted of the referrals.
    pub usage_entries: Vec<LedgerEntry>,
    /// Holds on them.
    pub holds: Vec<Hold>,
    /// Merges, also those taken back.
    pub merges: Vec<Merge>,
    /// Records that may be of the same person.
    pub duplicates: Vec<Duplicate>,
    /// Records that are of other people, also taken back.
    pub dismissals: Vec<Dismissal>,
    /// Links to the referrals, whoever made them.
    pub links: Vec<PartnerLink>,
    /// Files that were opened by those who are no party.
    pub file_accesses: Vec<FileAccess>,
}

impl UseCase for ExportPatient {
    type Outcome = Export;
    const NAME: &'static str = "export_patient";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Export> {
        export(unit, &self.vault, self.id).await
    }
}

/// All that is held on a record of the caller's organisation, and on those merged into it.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of the referrals.
pub async fn export(unit: &mut Unit<'_>, vault: &Vault, id: PatientId) -> Result<Export> {
    let organisation = unit.caller()?.acting_organisation()?;
    identity::get(unit, organisation, id).await?;
    let family = identity::family(unit, organisation, id).await?;
    let ids: Vec<Uuid> = family.iter().map(|id| id.0).collect();
    let mut patients = Vec::new();
    for record in identity::list(unit, organisation, &ids, None).await? {
        unit.audit(record.id);
        patients.push(vault.open(record).await?);
    }
    patients.sort_by_key(|patient| patient.record.id != id);
    let sent = referral::list_ids_of_patients(unit, organisation, &ids).await?;
    let referrals = referral::list_by_id(unit, &sent, None).await?;
    if referrals.len() < sent.len() {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    referrals.iter().for_each(|referral| unit.audit(referral));
    let links = partner_link::list_of_referrals(unit, &sent).await?;
    links.iter().for_each(|link| unit.audit(link));
    let file_accesses = referral::list_accesses_to(unit, &sent).await?;
    file_accesses.iter().for_each(|access| unit.audit(access));
    Ok(Export {
        patients,
        referrals,
        transitions: referral::list_transitions(unit, &sent).await?,
        facts: referral::list_facts(unit, &sent).await?,
        usage_entries: convention::list_entries_of(unit, &sent).await?,
        holds: identity::list_holds(unit, organisation, &family).await?,
        merges: identity::list_merges(unit, organisation, &ids).await?,
        duplicates: identity::list_duplicates_of(unit, organisation, &ids).await?,
        dismissals: identity::list_dismissals(unit, organisation, &ids).await?,
        links,
        file_accesses,
    })
}
