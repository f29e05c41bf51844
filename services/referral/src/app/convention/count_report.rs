//! Counts what a report tells as done.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    calls::Check,
    database::{Unit, UseCase},
    error::Kind,
    ids::{Child, ReferralId, ResourceId, SiteId, parse_uuid},
};
use relais_proto::events::v1::ReportIssued;

use crate::store::convention::{self, Acts, Entries};

/// Reports in these states tell of nothing: what they counted is taken back.
const WITHDRAWN: [&str; 2] = ["cancelled", "entered-in-error"];

/// Counts a version of a report.
#[derive(Debug, Clone)]
pub struct CountReport {
    number: String,
    acts: Acts,
    withdrawn: bool,
}

impl CountReport {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it cannot be read: the message is parked.
    pub fn try_new(told: &ReportIssued) -> Result<Self> {
        let names = ReferralId::parse(&told.referral).zip(told.report.strip_prefix("reports/").and_then(parse_uuid));
        let unreadable = || Error::new(Kind::InvalidArgument, "NAME_UNREADABLE", "the event's names are none");
        let (referral, report) = names.ok_or_else(unreadable)?;
        let mut check = Check::default();
        let site: Option<Child<SiteId>> = check.optional_child("site", &told.site);
        let local_date = if told.acts == 0 {
            // Nothing is counted by it.
            NaiveDate::default()
        } else {
            check.date("performed_date", told.performed_date)
        };
        check.ensure("acts", told.acts >= 0, "must not be negative");
        check.ensure("report_version", told.report_version > 0, "must be positive");
        check.finish()?;
        let (site, quantity) = (site.map(|site| site.id), told.acts.into());
        let acts = Acts { referral, report, report_version: told.report_version, site, local_date, quantity };
        let withdrawn = WITHDRAWN.contains(&told.status.as_str());
        Ok(Self { number: told.number.clone(), acts, withdrawn })
    }
}

impl UseCase for CountReport {
    type Outcome = ();
    const NAME: &'static str = "count_report";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.about(&self.number);
        unit.audit(self.acts.referral);
        if self.withdrawn {
            return convention::counter_report(unit, self.acts.report, self.acts.report_version).await;
        }
        if self.acts.quantity > 0 {
            unit.later::<Entries>().note(self.acts.clone());
        }
        Ok(())
    }
}
