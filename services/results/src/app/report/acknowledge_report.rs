//! Acknowledging: its recipient has taken note of what was read.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    error::Violation,
    ids::ReportId,
};
use uuid::Uuid;

use super::reader;
use crate::{
    app::tell::report_acknowledged,
    domain::report::{Release, Report},
    store::{referral, report},
};

/// Acknowledges a version, by its recipient.
#[derive(Debug, Clone, Copy)]
pub struct AcknowledgeReport {
    /// Which report.
    pub id: ReportId,
    /// Which version.
    pub version: i64,
}

/// That it was acknowledged.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    release: Uuid,
    /// Which version.
    pub version: i64,
    /// When.
    pub time: DateTime<Utc>,
}

impl UseCase for AcknowledgeReport {
    type Outcome = Acknowledged;
    const NAME: &'static str = "acknowledge_report";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Acknowledged> {
        let before = report::get(unit, self.id).await?;
        unit.about(&before.referral_number);
        let releases = report::list_releases(unit, before.id).await?;
        let reader = reader(unit.caller()?)?;
        let own = releases.iter().filter(|it| reader.is_some_and(|reader| it.recipient.is(&reader)));
        let own: Vec<&Release> = own.collect();
        let release = self.decide(&own)?;
        let missing = || Error::internal(anyhow::anyhow!("a report of no referral"));
        let facts = referral::facts(unit, before.referral.ok_or_else(missing)?).await?;
        let status = report::find_version(unit, before.id, self.version).await?.status;
        report::acknowledge(unit, release.id).await?;
        let (seen, now) = (before.revision, unit.now());
        let report = Report { revision: seen + 1, update_time: now, ..before };
        report::save(unit, &report, seen).await?;
        unit.emit(report.id, report.revision, report_acknowledged(&report, (self.version, status), &facts.parties));
        unit.audit(&report);
        Ok(Acknowledged { release: release.id, version: self.version, time: now })
    }
}

impl AcknowledgeReport {
    /// The release that is acknowledged, of those before this reader.
    fn decide<'a>(&self, own: &[&'a Release]) -> Result<&'a Release> {
        let release = own.iter().find(|it| it.version == self.version);
        let release = release.ok_or_else(|| Error::denied("only its recipient may acknowledge a report"))?;
        let refuse =
            |rule: &str, words: &str| Err(Error::refused("ACKNOWLEDGEMENT_REFUSED", vec![Violation::new(rule, words)]));
        if release.acknowledge_time.is_some() {
            return refuse("acknowledged-already", "it was acknowledged");
        }
        if own.iter().any(|it| it.version > self.version) {
            return refuse("later-version", "a later version is there: read that one");
        }
        if release.read_time.is_none() {
            return refuse("unread", "read it first");
        }
        Ok(release)
    }
}

impl Recall for Acknowledged {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.release, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let (report, release) = report::find_release(unit, outcome.id).await?;
        unit.audit(report);
        let time = release.acknowledge_time.ok_or_else(|| Error::not_found(report))?;
        Ok(Self { release: release.id, version: release.version, time })
    }
}
