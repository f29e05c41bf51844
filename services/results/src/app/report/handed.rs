//! What comes of handing a version in, and what the same request answers again.

use relais_platform::{
    Result,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{
    domain::report::{Report, ReportState, Version},
    store::report,
};

/// A version as it was handed in.
#[derive(Debug, Clone)]
pub struct Handed {
    /// The report.
    pub report: Report,
    /// The version.
    pub version: Version,
}

/// A report that was put aside and brought to its order.
#[derive(Debug, Clone)]
pub struct Brought(pub Handed);

impl Recall for Handed {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.report.id.0, version: self.version.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let mut handed = find(unit, outcome).await?;
        // One that was put aside was so when it was handed in; later versions follow when it was brought to its order.
        if handed.report.quarantine.is_some() && outcome.version == 1 {
            handed.report.state = ReportState::Quarantined;
            (handed.report.order, handed.report.referral) = (None, None);
            handed.report.referral_number.clear();
        }
        Ok(handed)
    }
}

impl Recall for Brought {
    fn outcome(&self) -> Outcome {
        self.0.outcome()
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        find(unit, outcome).await.map(Self)
    }
}

async fn find(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Handed> {
    let report = report::get_own(unit, outcome.id.into()).await?;
    unit.about(&report.referral_number);
    let version = report::find_version(unit, report.id, outcome.version).await?;
    unit.audit(&report);
    Ok(Handed { report, version })
}
