//! Hears of results, and that they were read: noted, and the referral goes where that leads.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::ReferralId,
};
use relais_proto::events::v1;
use uuid::Uuid;

use super::keep::keep;
use crate::{
    app::convention::{counts_reports, settle_reports},
    domain::referral::{
        Cause, Facts, Referral, ReportStatus, Reported, State, Step, WORK_DONE, hear_reading, hear_report,
    },
    store::referral::{self, Told},
};

/// What became of a report.
#[derive(Debug, Clone)]
pub struct HearReport {
    referral: ReferralId,
    report: Uuid,
    report_version: i64,
    status: ReportStatus,
    critical: bool,
    read: bool,
    time: DateTime<Utc>,
}

impl HearReport {
    /// Of an event that happened at `time`.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it cannot be read: the message is parked.
    pub fn issued(told: &v1::ReportIssued, time: DateTime<Utc>) -> Result<Self> {
        let heard = Self::try_new((&told.referral, &told.report), told.report_version, &told.status, false, time)?;
        Ok(Self { critical: told.critical, ..heard })
    }

    /// As [`HearReport::issued`], of a version that was read.
    ///
    /// # Errors
    /// As there.
    pub fn acknowledged(told: &v1::ReportAcknowledged, time: DateTime<Utc>) -> Result<Self> {
        Self::try_new((&told.referral, &told.report), told.report_version, &told.status, true, time)
    }

    fn try_new(
        (referral, report): (&str, &str),
        report_version: i64,
        status: &str,
        read: bool,
        time: DateTime<Utc>,
    ) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", referral);
        let id = report.strip_prefix("reports/").and_then(relais_platform::ids::parse_uuid);
        check.ensure("report", id.is_some(), "must be a name of the form reports/{uuid}");
        let known = ReportStatus::parse(status);
        check.ensure("status", known.is_some(), "must be a status of a report");
        check.ensure("report_version", (1..=i64::from(u32::MAX)).contains(&report_version), "must be a version");
        check.finish()?;
        let (report, status) = (id.unwrap_or_default(), known.unwrap_or(ReportStatus::Registered));
        Ok(Self { referral, report, report_version, status, critical: false, read, time })
    }

    fn fact(&self) -> Told {
        Told {
            referral: self.referral,
            kind: "report",
            subject: self.report,
            // A version of a report is issued once, and its first reading counts.
            version: self.report_version * 2 + i64::from(self.read),
            state: if self.read { "acknowledged" } else { self.status.as_str() },
            start: None,
            site: None,
            time: self.time,
        }
    }

    /// Notes it; says whether it tells less than was told before, and so neither reopens nor hides that.
    async fn note(&self, unit: &mut Unit<'_>) -> Result<bool> {
        if self.read {
            referral::note_acknowledgement(unit, self.report, self.report_version).await?;
            return Ok(false);
        }
        let late = !self.status.is_whole() && self.status.is_result() && referral::was_whole(unit, self.report).await?;
        if !late && self.status != ReportStatus::Registered {
            let what = (self.status, self.critical);
            referral::note_report(unit, self.referral, self.report, self.report_version, what).await?;
        }
        Ok(late)
    }

    /// Where the referral goes, with its reports as they stand now.
    fn leads(&self, referral: &Referral, now: &Facts, late: bool) -> Option<State> {
        match self.status {
            status if !self.read && status.is_result() => {
                hear_report(referral.state, Reported { status, critical: self.critical, late })
            }
            _ => hear_reading(referral.state, referral.facts.results, now),
        }
    }
}

impl UseCase for HearReport {
    type Outcome = ();
    const NAME: &'static str = "hear_report";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.audit(self.referral);
        let referral = referral::find_locked(unit, self.referral).await?;
        // Nothing is attached to a referral that is not there: the message is held back, and parked in the end.
        let referral = referral.ok_or_else(|| Error::not_found(self.referral))?;
        unit.about(referral.number.as_str());
        if !counts_reports(unit, &referral).await? {
            return self.hear(unit, referral).await.map(|_| ());
        }
        // What this very report told as done is to be written before meters are brought to it.
        unit.settle().await?;
        let stands = self.hear(unit, referral).await?;
        settle_reports(unit, &stands, (self.report, self.fact().version)).await
    }
}

impl HearReport {
    /// Notes it, and takes the referral where it leads; answers with how that stands then.
    async fn hear(&self, unit: &mut Unit<'_>, referral: Referral) -> Result<Referral> {
        if !referral::insert_fact(unit, &self.fact()).await? {
            return Ok(referral);
        }
        let late = self.note(unit).await?;
        let results = referral::results_of(unit, self.referral).await?;
        let facts = Facts { results, ..referral.facts };
        let Some(state) = self.leads(&referral, &facts, late) else { return Ok(referral) };
        let refused = matches!(referral.state, State::CancelRequested | State::Cancelled);
        let reason = match (refused, self.read) {
            (true, _) => WORK_DONE,
            (_, true) => "acknowledged",
            (_, false) => self.status.as_str(),
        };
        keep(unit, Referral { facts, ..referral }, state, &Step::new(Cause::Fact, reason)).await
    }
}
