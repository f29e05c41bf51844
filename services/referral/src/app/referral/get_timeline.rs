//! Tells what became of a patient, over years and providers.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::PatientId,
};
use uuid::Uuid;

use crate::{
    domain::referral::{Capacity, Entry, Happened, Party},
    store::{identity, referral},
};

/// A page of the timeline of a patient of the caller's organisation, with the records merged into it.
#[derive(Debug, Clone, Copy)]
pub struct GetTimeline {
    /// Whose.
    pub patient: PatientId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for GetTimeline {
    type Outcome = Page<Entry>;
    const NAME: &'static str = "get_timeline";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Entry>> {
        let organisation = unit.caller()?.acting_organisation()?;
        identity::get(unit, organisation, self.patient).await?;
        let family = identity::family(unit, organisation, self.patient).await?;
        let records: Vec<Uuid> = family.iter().map(|id| id.0).collect();
        let sent = referral::list_ids_of_patients(unit, organisation, &records).await?;
        let seen: Vec<Uuid> = referral::list_visible(unit, &sent).await?;
        let rows = referral::list_entries(unit, &seen, &self.page).await?;
        let page = self.page.page(rows, |entry| Position { time: entry.time, id: entry.id });
        unit.audit(self.patient);
        let mut told: Vec<_> = page.rows.iter().map(|entry| entry.referral).collect();
        told.sort_unstable_by_key(|referral| referral.0);
        told.dedup();
        told.into_iter().for_each(|referral| unit.audit(Subject::from(referral).patient(self.patient)));
        // The patient is the referrer's.
        let contents = unit.scope()?.contents(&[Party { organisation, unit: None, capacity: Capacity::Referrer }]);
        let rows = page.rows.into_iter().map(|entry| match entry.what {
            Happened::Step(step) => {
                let step = Box::new(step.seen_by(organisation, &contents));
                Entry { what: Happened::Step(step), ..entry }
            }
            what => Entry { what, ..entry },
        });
        Ok(Page { rows: rows.collect(), next: page.next })
    }
}
