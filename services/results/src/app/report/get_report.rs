//! Reads a report: that it is there, and for those who may, what it says.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Error,
    ids::ReportId,
};

use super::{Seen, content_of, reader};
use crate::{
    app::Vault,
    domain::report::{Content, Report, Version},
    store::report,
};

/// Reads a version of a report of a referral that the caller is a party of.
#[derive(Debug, Clone)]
pub struct GetReport {
    /// Which report.
    pub id: ReportId,
    /// Which version; none: the one that is shown.
    pub version: Option<i64>,
    /// Opens what it says.
    pub vault: Vault,
}

impl UseCase for GetReport {
    type Outcome = Seen;
    const NAME: &'static str = "get_report";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Seen> {
        let report = report::get(unit, self.id).await?;
        unit.about(&report.referral_number);
        let wanted = self.version.unwrap_or(report.shown_version);
        // What was destroyed is read by nobody.
        let may_read = report.key.is_some() && self.read(unit, &report, wanted).await?;
        let standing = report::standings(unit, &[(report.id, wanted)]).await?.remove(&report.id.0);
        let standing = standing.ok_or_else(|| Error::not_found(format!("version {wanted} of {}", report.id)))?;
        let content = if may_read { Some(self.open(unit, &report, wanted).await?) } else { None };
        unit.audit(&report);
        Ok(Seen { report, standing, content })
    }
}

impl GetReport {
    /// Whether the caller may read it; of its recipient, that it was read is noted.
    async fn read(&self, unit: &mut Unit<'_>, report: &Report, version: i64) -> Result<bool> {
        let Some(reader) = reader(unit.caller()?)? else { return Ok(false) };
        if reader.organisation == report.provider {
            return Ok(true);
        }
        let releases = report::list_releases(unit, report.id).await?;
        let meant = releases.iter().find(|it| it.version == version && it.recipient.is(&reader));
        match meant {
            Some(release) if release.read_time.is_none() => report::mark_read(unit, release.id).await.map(|()| true),
            meant => Ok(meant.is_some()),
        }
    }

    async fn open(&self, unit: &mut Unit<'_>, report: &Report, version: i64) -> Result<(Version, Content)> {
        let version = report::find_version(unit, report.id, version).await?;
        unit.audit(content_of(report, version.version));
        let key = self.vault.open(unit, report).await?;
        let content = key.open(report.id, version.version, &version.sealed)?;
        Ok((version, content))
    }
}
