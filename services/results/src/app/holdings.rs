//! All that is held here on a patient, for whoever holds the record.

use std::collections::HashMap;

use relais_platform::{
    Error, Result,
    audit::{Account, Subject},
    database::Unit,
    ids::PatientId,
};
use uuid::Uuid;

use super::{
    Vault,
    account::account_of,
    report::{Seen, content_of, reader},
};
use crate::{
    domain::{
        Order,
        attachment::Attachment,
        report::{Release, Report, Version},
    },
    store::{self, attachment, report},
};

/// What is held on a patient.
#[derive(Debug)]
pub struct Holdings {
    /// What was asked.
    pub orders: Vec<Order>,
    /// What was found, each version by itself: what it says for a caller who may read it.
    pub reports: Vec<Seen>,
    /// Before whom versions were laid, and what became of that.
    pub releases: Vec<(Report, Release)>,
    /// Files of both.
    pub files: Vec<Attachment>,
    /// Whose accesses belong to them.
    pub account: Account,
}

/// All that is held on a patient. What was put aside belongs to nobody, and is not among it.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of it.
pub async fn holdings(unit: &mut Unit<'_>, vault: &Vault, patient: PatientId) -> Result<Holdings> {
    let orders = store::list_of_patient(unit, patient).await?;
    let account = account_of(unit, patient, &orders).await?;
    if !store::sees_all_of(unit, patient).await? {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    orders.iter().for_each(|order| unit.audit(order));
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let found = report::list_of_orders(unit, &ids).await?;
    found.iter().for_each(|report| unit.audit(Subject::from(report).patient(patient)));
    let report_ids: Vec<Uuid> = found.iter().map(|report| report.id.0).collect();
    let mut ever = report::list_releases_ever(unit, &report_ids).await?;
    let reports = Reading { vault, patient, releases: &ever }.read_all(unit, &found, &report_ids).await?;
    let files = attachment::list_of(unit, &ids, &report_ids).await?;
    files.iter().for_each(|file| unit.audit(Subject::of(file.id).patient(patient)));
    let of = |report: Report| {
        let releases = ever.remove(&report.id.0).unwrap_or_default();
        releases.into_iter().map(move |release| (report.clone(), release))
    };
    Ok(Holdings { orders, reports, releases: found.into_iter().flat_map(of).collect(), files, account })
}

/// How an export reads reports. It is no reading by whom they were laid before: those are still unread.
struct Reading<'a> {
    vault: &'a Vault,
    patient: PatientId,
    releases: &'a HashMap<Uuid, Vec<Release>>,
}

impl Reading<'_> {
    async fn read_all(&self, unit: &mut Unit<'_>, found: &[Report], ids: &[Uuid]) -> Result<Vec<Seen>> {
        let versions = report::list_versions(unit, ids).await?;
        let mut seen = Vec::with_capacity(versions.len());
        for (of, version) in versions {
            if let Some(report) = found.iter().find(|report| report.id == of) {
                seen.push(self.read(unit, report, version).await?);
            }
        }
        Ok(seen)
    }

    async fn read(&self, unit: &mut Unit<'_>, report: &Report, version: Version) -> Result<Seen> {
        let number = version.version;
        let standing = report::standings(unit, &[(report.id, number)]).await?.remove(&report.id.0);
        let standing = standing.ok_or_else(|| Error::not_found(report.id))?;
        let releases = self.releases.get(&report.id.0).map(Vec::as_slice).unwrap_or_default();
        let may_read = reader(unit.caller()?)?.is_some_and(|reader| reader.reads(report, number, releases));
        let content = if may_read && report.key.is_some() {
            unit.audit(content_of(report, number).patient(self.patient));
            let says = self.vault.open(unit, report).await?.open(report.id, number, &version.sealed)?;
            Some((version, says))
        } else {
            None
        };
        Ok(Seen { report: report.clone(), standing, content })
    }
}
