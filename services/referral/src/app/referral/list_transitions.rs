//! Lists the steps of a referral.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{domain::referral::Transition, store::referral};

/// A page of the steps of a referral that the caller is a party of.
#[derive(Debug, Clone, Copy)]
pub struct ListTransitions {
    /// Of which.
    pub referral: ReferralId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListTransitions {
    type Outcome = Page<Transition>;
    const NAME: &'static str = "list_transitions";

    fn asks(&self) -> Subject {
        self.referral.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Transition>> {
        let found = referral::get(unit, self.referral).await?;
        unit.about(found.number.as_str());
        unit.audit(&found);
        let rows = referral::list_page_of_transitions(unit, found.id, &self.page).await?;
        let page = self.page.page(rows, |step| Position { time: step.time, id: step.id });
        let contents = unit.scope()?.contents(&found.parties);
        let organisation = unit.caller()?.acting_organisation()?;
        let rows = page.rows.into_iter().map(|step| step.seen_by(organisation, &contents)).collect();
        Ok(Page { rows, next: page.next })
    }
}
