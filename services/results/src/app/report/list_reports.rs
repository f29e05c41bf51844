//! Lists reports: that they are there, and when.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use super::Seen;
use crate::store::report;

/// Lists the reports of referrals that the caller is a party of, the most recent first, without what they say.
#[derive(Debug, Clone, Copy)]
pub struct ListReports {
    /// Only those of this referral.
    pub referral: Option<ReferralId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListReports {
    type Outcome = Page<Seen>;
    const NAME: &'static str = "list_reports";

    fn asks(&self) -> Subject {
        self.referral.map(Subject::from).unwrap_or_default()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Seen>> {
        let rows = match self.referral {
            Some(referral) => report::list_of(unit, referral, &self.page).await?,
            None => report::list(unit, &self.page).await?,
        };
        let page = self.page.page(rows, |found| Position { time: found.create_time, id: found.id.0 });
        let shown: Vec<_> = page.rows.iter().map(|report| (report.id, report.shown_version)).collect();
        let mut standings = report::standings(unit, &shown).await?;
        page.rows.iter().for_each(|report| unit.audit(report));
        let seen = |report: crate::domain::report::Report| {
            let standing = standings.remove(&report.id.0)?;
            Some(Seen { report, standing, content: None })
        };
        Ok(Page { rows: page.rows.into_iter().filter_map(seen).collect(), next: page.next })
    }
}
