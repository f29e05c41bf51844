//! Who reads the files of a report: its provider's clinicians, and who reads the version that they came with.

use relais_platform::{Result, database::Unit};

use crate::{app::report::reader, domain::report::Report, store::report};

/// Up to which version the caller reads the report; none: nothing of it.
pub(super) async fn reads_up_to(unit: &mut Unit<'_>, report: &Report) -> Result<Option<i64>> {
    let Some(reader) = reader(unit.caller()?)? else { return Ok(None) };
    if reader.organisation == report.provider {
        return Ok(Some(report.last_version));
    }
    let releases = report::list_releases(unit, report.id).await?;
    Ok(releases.iter().filter(|it| it.recipient.is(&reader)).map(|it| it.version).max())
}
