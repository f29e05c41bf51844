//! Takes the next version of a report in.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReportId,
    parties::ensure_acts,
};

use super::{
    Handed, Submission,
    create_report::ensure_done,
    issue::{Issue, issue},
};
use crate::{
    app::Vault,
    domain::report::{Report, Version, follow},
    store::{self, referral, report},
};

/// Takes a version in that follows the last one, from the provider.
#[derive(Debug, Clone)]
pub struct ReviseReport {
    /// Which report.
    pub id: ReportId,
    /// The last version, as the caller saw it.
    pub seen: i64,
    /// What is handed in.
    pub submission: Submission,
    /// Opens the version before, and seals this one.
    pub vault: Vault,
}

impl UseCase for ReviseReport {
    type Outcome = Handed;
    const NAME: &'static str = "revise_report";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Handed> {
        let before = report::get(unit, self.id).await?;
        unit.about(&before.referral_number);
        let missing = || Error::internal(anyhow::anyhow!("a report of no order"));
        let facts = referral::facts(unit, before.referral.ok_or_else(missing)?).await?;
        ensure_acts(unit.call()?, &facts.parties)?;
        ensure_done(&self.submission, unit).await?;
        if self.seen != before.last_version {
            return Err(Error::stale_etag());
        }
        let shown = report::find_version(unit, before.id, before.shown_version).await?;
        let status = self.submission.status;
        let superseded = follow(shown.status, status)?;
        let key = self.vault.open(unit, &before).await?;
        let was = key.open(before.id, shown.version, &shown.sealed)?;
        let content =
            if superseded { self.submission.content.clone() } else { self.submission.content.clone().after(&was) };
        let (next, now) = (before.last_version + 1, unit.now());
        let version = Version {
            version: next,
            status,
            superseded,
            critical: !status.is_void() && content.is_critical(),
            performed_date: self.submission.performed_date,
            site: self.submission.site.map(|site| site.id),
            sealed: key.seal(before.id, next, &content)?,
            issue_time: now,
        };
        // Of one that came too late, nobody is told: it has no event, and so no revision.
        let (revision, shown_version) =
            if superseded { (before.revision, before.shown_version) } else { (before.revision + 1, next) };
        let seen = before.revision;
        let report = Report { revision, shown_version, last_version: next, update_time: now, ..before };
        report::save(unit, &report, seen).await?;
        report::insert_version(unit, report.id, &version).await?;
        unit.audit(&report);
        if !superseded {
            let order = store::find_asked(unit, report.order.ok_or_else(missing)?).await?.ok_or_else(missing)?;
            let (before, says, parties) = (&was, &content, facts.parties.as_slice());
            issue(unit, order, Issue { report: &report, version: &version, before, says, parties }).await?;
        }
        Ok(Handed { report, version })
    }
}
