//! Gives a report up that was put aside.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    ids::ReportId,
};

use super::release_quarantined::ensure_quarantined;
use crate::{
    domain::report::{Report, ReportState},
    store::report,
};

/// Gives it up, by the provider. Nobody was shown it, so nobody is told.
#[derive(Debug, Clone)]
pub struct DiscardReport {
    /// Which report.
    pub id: ReportId,
    /// Why.
    pub reason: String,
}

/// A report that was given up.
#[derive(Debug, Clone)]
pub struct Discarded(pub Report);

impl UseCase for DiscardReport {
    type Outcome = Discarded;
    const NAME: &'static str = "discard_report";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Discarded> {
        let before = report::get_quarantined(unit, self.id).await?;
        ensure_quarantined(&before)?;
        let (discard_reason, update_time) = (self.reason.clone(), unit.now());
        let report = Report { state: ReportState::Discarded, discard_reason, update_time, ..before };
        report::save(unit, &report, report.revision).await?;
        unit.audit(&report);
        Ok(Discarded(report))
    }
}

impl Recall for Discarded {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.0.id.0, version: self.0.revision }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let report = report::get_quarantined(unit, outcome.id.into()).await?;
        unit.audit(&report);
        Ok(Self(report))
    }
}
