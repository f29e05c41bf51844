//! Releases what waits, to whom referral said.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::hold_release::delay;
use crate::{
    app::tell::report_released,
    domain::report::{Recipient, Release, Report, Version, plan},
    store::{
        referral,
        report::{self, Due},
    },
};

/// What is unread is looked at again after this time: its recipient may be struck off meanwhile.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// What was read and not taken note of: registers and leaves change from one day to the next.
const AGAIN_READ: TimeDelta = TimeDelta::hours(1);

/// Lays the version that is shown before those who receive it now, and takes back what is unread before those who do not any more.
#[derive(Debug, Clone)]
pub struct SettleRelease {
    /// Which report.
    pub due: Due,
    /// Who receives it now.
    pub entitled: Vec<Recipient>,
}

impl UseCase for SettleRelease {
    type Outcome = ();
    const NAME: &'static str = "settle_release";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let report = report::lock(unit, self.due.report).await?;
        unit.about(&report.referral_number);
        if report.shown_version != self.due.shown_version {
            // Another version came while referral was asked: that one's recipients are asked for.
            return report::enqueue(unit, report.id).await;
        }
        let standing = report::list_releases(unit, report.id).await?;
        let plan = plan(report.shown_version, &standing, &self.entitled);
        if !plan.withdraw.is_empty() {
            report::withdraw(unit, &plan.withdraw).await?;
            unit.audit(&report);
        }
        let version = report::find_version(unit, report.id, report.shown_version).await?;
        self.release(unit, (&report, &version), &plan.release).await?;
        if self.entitled.is_empty() {
            let due_at = unit.now() + delay(self.due.attempt);
            report::postpone(unit, report.id, due_at, false, "nobody may receive it now").await?;
            return Ok(());
        }
        let after = if plan.release.is_empty() { again(&version, &standing) } else { Some(AGAIN) };
        match after {
            Some(after) => {
                let due_at = unit.now() + after;
                report::postpone(unit, report.id, due_at, true, "").await
            }
            None => report::forget(unit, report.id).await,
        }
    }
}

impl SettleRelease {
    async fn release(
        &self,
        unit: &mut Unit<'_>,
        (report, version): (&Report, &Version),
        to: &[Recipient],
    ) -> Result<()> {
        let Some(referral) = report.referral.filter(|_| !to.is_empty()) else { return Ok(()) };
        let facts = referral::facts(unit, referral).await?;
        let (seen, now) = (report.revision, unit.now());
        let mut report = Report { update_time: now, ..report.clone() };
        for recipient in to {
            report::insert_release(unit, (report.id, version.version), recipient).await?;
            report.revision += 1;
            let laid = (version.version, version.status, version.critical);
            let told = report_released(&report, laid, recipient, &facts.parties);
            unit.emit(report.id, report.revision, told);
        }
        report::save(unit, &report, seen).await?;
        unit.audit(&report);
        Ok(())
    }
}

/// After what time it is asked again who receives a version: while it is unread, or critical and nobody has taken note of it, soon;
/// while it was read and nobody has taken note of it, later, for who read it may be struck off or away by now, and whoever acts then
/// must have it before them to take note of it; then never. Of one that says that there is no result nothing is to be noted.
fn again(version: &Version, standing: &[Release]) -> Option<TimeDelta> {
    let mut of_version = standing.iter().filter(|it| it.version == version.version);
    let unnoted = !version.status.is_void() && of_version.clone().all(|it| it.acknowledge_time.is_none());
    let unread = of_version.any(|it| it.read_time.is_none());
    if unread || unnoted && version.critical { Some(AGAIN) } else { unnoted.then_some(AGAIN_READ) }
}
