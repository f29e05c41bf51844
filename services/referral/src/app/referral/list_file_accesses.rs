//! Lists who opened files of the own organisation.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest},
    database::{Unit, UseCase},
};

use crate::{domain::referral::HeldAccess, store::referral};

/// Lists the accesses to files of referrals that the caller's organisation has sent, those to be reviewed first.
#[derive(Debug, Clone, Copy)]
pub struct ListFileAccesses {
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListFileAccesses {
    type Outcome = Page<HeldAccess>;
    const NAME: &'static str = "list_file_accesses";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<HeldAccess>> {
        let rows = referral::list_held(unit, &self.page).await?;
        let Page { rows, next } = self.page.page(rows, |(_, place)| *place);
        let rows: Vec<_> = rows.into_iter().map(|(held, _)| held).collect();
        rows.iter().for_each(|held| unit.audit(held));
        Ok(Page { rows, next })
    }
}

impl From<&HeldAccess> for Subject {
    fn from(held: &HeldAccess) -> Self {
        let subject = Self::of(held.access.id);
        match held.access.referral {
            Some(referral) => subject.referral(referral),
            None => subject,
        }
    }
}
