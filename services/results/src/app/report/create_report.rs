//! Takes the first version of a report in. One that does not fit its order is put aside.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    error::Violation,
    ids::{OrganisationId, ReportId},
};

use super::{
    Handed, Submission,
    issue::{Issue, issue},
};
use crate::{
    app::{Vault, take_over_site::ensure_own_site, tell::report_quarantined},
    domain::{
        Order,
        report::{Content, Named, Quarantine, Report, ReportState, Status, Version, fit},
    },
    store::{self, referral, report},
};

/// Takes a report in, from a provider.
#[derive(Debug, Clone)]
pub struct CreateReport {
    /// Its id, drawn before anything is stored.
    pub id: ReportId,
    /// For whom it is, as the provider has it.
    pub named: Named,
    /// The provider's own number.
    pub accession_number: String,
    /// What is handed in.
    pub submission: Submission,
    /// Seals what it says.
    pub vault: Vault,
}

impl UseCase for CreateReport {
    type Outcome = Handed;
    const NAME: &'static str = "create_report";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Handed> {
        if !matches!(self.submission.status, Status::Partial | Status::Preliminary | Status::Final) {
            let words = "the first version is partial, preliminary or final";
            return Err(Error::refused("REPORT_REFUSED", vec![Violation::new("not-first", words)]));
        }
        ensure_done(&self.submission, unit).await?;
        let order = store::find_asked(unit, self.named.order).await?;
        // Asked for also when there is no order, so that none and another's take the same statements.
        let referral = order.as_ref().map_or_else(|| self.named.order.0.into(), |order| order.referral);
        let facts = referral::facts(unit, referral).await?;
        let quarantine = fit(&self.named, order.as_ref());
        let provider = unit.caller()?.acting_organisation()?;
        let (key, wrapped) = self.vault.draw(unit, self.id, provider).await?;
        let report = self.report(provider, order.as_ref(), quarantine, wrapped, unit.now());
        let version = Version {
            version: 1,
            status: self.submission.status,
            superseded: false,
            critical: self.submission.content.is_critical(),
            performed_date: self.submission.performed_date,
            site: self.submission.site.map(|site| site.id),
            sealed: key.seal(self.id, 1, &self.submission.content)?,
            issue_time: unit.now(),
        };
        report::insert(unit, &report).await?;
        report::insert_version(unit, report.id, &version).await?;
        unit.audit(&report);
        match order {
            Some(order) if quarantine.is_none() => {
                unit.about(&order.referral_number);
                report::insert_parties(unit, &report, &facts.parties).await?;
                let (report, version, parties) = (&report, &version, facts.parties.as_slice());
                let (before, says) = (&Content::default(), &self.submission.content);
                issue(unit, order, Issue { report, version, before, says, parties }).await?;
            }
            _ => unit.emit(report.id, report.revision, report_quarantined(&report)),
        }
        Ok(Handed { report, version })
    }
}

impl CreateReport {
    /// The report of a provider, attached to the order that it fits.
    fn report(
        &self,
        provider: OrganisationId,
        order: Option<&Order>,
        quarantine: Option<Quarantine>,
        key: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Report {
        let fits = order.filter(|_| quarantine.is_none());
        Report {
            id: self.id,
            revision: 1,
            state: if quarantine.is_none() { ReportState::Issued } else { ReportState::Quarantined },
            provider,
            accession_number: self.accession_number.clone(),
            order: fits.map(|order| order.id),
            referral: fits.map(|order| order.referral),
            referral_number: fits.map(|order| order.referral_number.clone()).unwrap_or_default(),
            named: self.named.clone(),
            quarantine,
            discard_reason: String::new(),
            last_version: 1,
            shown_version: 1,
            key: Some(key),
            create_time: now,
            update_time: now,
        }
    }
}

/// What is handed in was done before now, wherever on Earth, and at a site of whoever hands it in.
pub(super) async fn ensure_done(submission: &Submission, unit: &mut Unit<'_>) -> Result<()> {
    // The furthest zone is fourteen hours ahead.
    let today = (unit.now() + chrono::TimeDelta::hours(14)).date_naive();
    match submission.performed_date {
        Some(day) if day > today => {
            let violation = Violation::new("content.performed_date", "must not be in the future");
            Err(Error::invalid(vec![violation]))
        }
        _ => ensure_own_site(unit, "content.site", submission.site).await,
    }
}
