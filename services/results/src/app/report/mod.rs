//! Use cases of reports.

mod acknowledge_report;
mod create_report;
mod discard_report;
mod get_report;
mod handed;
mod hold_release;
mod issue;
mod list_quarantined;
mod list_reports;
mod release_quarantined;
mod revise_report;
mod settle_release;
mod snapshot_reports;
mod take_due;

pub use acknowledge_report::{AcknowledgeReport, Acknowledged};
pub use create_report::CreateReport;
pub use discard_report::{DiscardReport, Discarded};
pub use get_report::GetReport;
pub use handed::{Brought, Handed};
pub use hold_release::HoldRelease;
pub use list_quarantined::ListQuarantined;
pub use list_reports::ListReports;
pub use release_quarantined::ReleaseQuarantined;
pub use revise_report::ReviseReport;
pub use settle_release::SettleRelease;
pub use snapshot_reports::snapshot_reports;
pub use take_due::TakeDue;

use chrono::NaiveDate;
use relais_platform::{
    Result,
    audit::Subject,
    calls::{Caller, Role},
    ids::{Child, SiteId},
};

use crate::{
    domain::report::{Content, Reader, Report, Status, Version},
    store::report::Standing,
};

/// What a provider hands in as a version.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What it is.
    pub status: Status,
    /// The day on which it was done, at the site.
    pub performed_date: Option<NaiveDate>,
    /// The site.
    pub site: Option<Child<SiteId>>,
    /// What it says.
    pub content: Content,
}

/// A report as a caller sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The report.
    pub report: Report,
    /// How the version stands.
    pub standing: Standing,
    /// What the version says, for who may read it.
    pub content: Option<(Version, Content)>,
}

impl From<&Report> for Subject {
    fn from(report: &Report) -> Self {
        let subject = Self::of(report.id);
        match report.referral {
            Some(referral) => subject.referral(referral),
            None => subject,
        }
    }
}

/// A version's content in the audit: who saw that a report is there is one thing, who read it another.
pub(super) fn content_of(report: &Report, version: i64) -> Subject {
    let subject = Subject::of(format!("{}/versions/{version}", report.id));
    report.referral.map_or(subject.clone(), |referral| subject.referral(referral))
}

/// Who wants to read, of a caller who may: a clinician.
pub(super) fn reader(caller: &Caller) -> Result<Option<Reader>> {
    let organisation = caller.acting_organisation()?;
    let practitioner = caller.practitioner.map(|entry| entry.id);
    let reader = Reader { organisation, unit: caller.unit, practitioner };
    Ok(caller.has_any(&[Role::Clinician]).then_some(reader))
}
