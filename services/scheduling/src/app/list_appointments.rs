//! Lists appointments.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ReferralId,
};

use super::seen;
use crate::{domain::Appointment, store};

/// Lists the appointments of referrals that the caller is a party of, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListAppointments {
    /// Only those of this referral.
    pub referral: Option<ReferralId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListAppointments {
    type Outcome = Page<Appointment>;
    const NAME: &'static str = "list_appointments";

    fn asks(&self) -> Subject {
        self.referral.map(Subject::from).unwrap_or_default()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Appointment>> {
        let rows = store::appointment::list(unit, self.referral, &self.page).await?;
        // The one list that an opened file opens: there is no other way to know what hangs on the referral.
        let purpose = match self.referral {
            Some(referral) => store::find_purpose(unit, referral).await?.unwrap_or_default(),
            None => String::new(),
        };
        let page = self.page.page(rows, |found| Position { time: found.create_time, id: found.id.0 });
        page.rows.iter().for_each(|found| unit.audit(Subject::from(found).purpose(&purpose)));
        let rows = page.rows.into_iter().map(|found| seen(unit, found)).collect::<Result<_>>()?;
        Ok(Page { rows, next: page.next })
    }
}
