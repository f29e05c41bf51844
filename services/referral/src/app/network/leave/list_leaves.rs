//! Lists leaves.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::{Child, PractitionerId},
};

use super::ensure_colleague;
use crate::{domain::network::Leave, store::network};

/// Lists the leaves of a practitioner of the caller's organisation, the most recently entered first.
#[derive(Debug, Clone, Copy)]
pub struct ListLeaves {
    /// Whose.
    pub practitioner: Child<PractitionerId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListLeaves {
    type Outcome = Page<Leave>;
    const NAME: &'static str = "list_leaves";

    fn asks(&self) -> Subject {
        self.practitioner.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Leave>> {
        ensure_colleague(unit, self.practitioner).await?;
        let rows = network::list_leaves(unit, self.practitioner, &self.page).await?;
        let page = self.page.page(rows, |leave| Position { time: leave.create_time, id: leave.name.id });
        page.rows.iter().for_each(|leave| unit.audit(Subject::of(leave.name)));
        Ok(page)
    }
}
