//! Brings a report that was put aside to the order that it belongs to.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::ReportId,
};

use super::{
    Brought, Handed,
    issue::{Issue, issue},
};
use crate::{
    app::Vault,
    domain::report::{Content, Named, Report, ReportState, fit},
    store::{self, referral, report},
};

/// Brings it there, by the provider, with what names the patient put right.
#[derive(Debug, Clone)]
pub struct ReleaseQuarantined {
    /// Which report.
    pub id: ReportId,
    /// For whom it is.
    pub named: Named,
    /// Opens what it says, to hold it against the order's lines.
    pub vault: Vault,
}

impl UseCase for ReleaseQuarantined {
    type Outcome = Brought;
    const NAME: &'static str = "release_quarantined";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Brought> {
        let before = report::get_quarantined(unit, self.id).await?;
        ensure_quarantined(&before)?;
        let order = store::find_asked(unit, self.named.order).await?;
        let referral = order.as_ref().map_or_else(|| self.named.order.0.into(), |order| order.referral);
        let facts = referral::facts(unit, referral).await?;
        if let Some(reason) = fit(&self.named, order.as_ref()) {
            return Err(refused(reason.as_str(), "it does not fit this order either"));
        }
        let order = order.ok_or_else(|| Error::not_found(self.named.order))?;
        unit.about(&order.referral_number);
        let (seen, now) = (before.revision, unit.now());
        let report = Report {
            revision: seen + 1,
            state: ReportState::Issued,
            order: Some(order.id),
            referral: Some(order.referral),
            referral_number: order.referral_number.clone(),
            named: self.named.clone(),
            update_time: now,
            ..before
        };
        report::save(unit, &report, seen).await?;
        report::insert_parties(unit, &report, &facts.parties).await?;
        unit.audit(&report);
        let version = report::find_version(unit, report.id, report.shown_version).await?;
        let says = self.vault.open(unit, &report).await?.open(report.id, version.version, &version.sealed)?;
        let (before, parties) = (&Content::default(), facts.parties.as_slice());
        issue(unit, order, Issue { report: &report, version: &version, before, says: &says, parties }).await?;
        Ok(Brought(Handed { report, version }))
    }
}

/// Only what is put aside still can be brought anywhere, or given up.
pub(super) fn ensure_quarantined(report: &Report) -> Result<()> {
    match report.state {
        ReportState::Quarantined => Ok(()),
        ReportState::Issued => Err(refused("not-quarantined", "it was brought to its order")),
        ReportState::Discarded => Err(refused("not-quarantined", "it was given up")),
    }
}

fn refused(rule: &str, words: &str) -> Error {
    Error::refused("QUARANTINE_REFUSED", vec![Violation::new(rule, words)])
}
