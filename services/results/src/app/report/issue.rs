//! Issuing: a version takes its place, its order's lines have their results, others are told, and its recipients are asked for.

use relais_platform::{Result, database::Unit, parties::Party};

use crate::{
    app::tell::{Issued, report_issued, tell_order},
    domain::{
        Order, Told,
        report::{Content, Report, Version},
        result,
    },
    store,
};

/// What is issued: the report in its new revision, a version of it, what the one shown before said, and what this one says.
pub(super) struct Issue<'a> {
    pub report: &'a Report,
    pub version: &'a Version,
    pub before: &'a Content,
    pub says: &'a Content,
    pub parties: &'a [Party],
}

/// Issues a version that answers `order`.
///
/// # Errors
/// FAILED_PRECONDITION naming each code that the order does not ask for.
pub(super) async fn issue(unit: &mut Unit<'_>, order: Order, issue: Issue<'_>) -> Result<()> {
    let Issue { report, version, before, says, parties } = issue;
    let (previous, now) = (order.state, unit.now());
    let (moved, acts) = result(order, &Told { report: report.id, before, says, status: version.status }, now)?;
    if let Some(moved) = moved {
        store::save(unit, &moved).await?;
        tell_order(unit, &moved, previous, parties);
        unit.audit(&moved);
    }
    store::report::insert_issue(unit, report.id, version.version, report.revision, acts).await?;
    let issued = Issued {
        version: version.version,
        status: version.status,
        site: version.site,
        performed_date: version.performed_date,
        acts,
        critical: version.critical,
    };
    unit.emit(report.id, report.revision, report_issued(report, issued, parties));
    store::report::enqueue(unit, report.id).await
}
