//! Lists members.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::OrganisationId,
};

use super::ensure_own;
use crate::{domain::network::Member, store::network};

/// Lists the members of the caller's organisation, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListMembers {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListMembers {
    type Outcome = Page<Member>;
    const NAME: &'static str = "list_members";

    fn asks(&self) -> Subject {
        Subject::of(self.organisation)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Member>> {
        ensure_own(unit.caller()?, self.organisation)?;
        let rows = network::list_members(unit, self.organisation, &self.page).await?;
        let page = self.page.page(rows, |member| Position { time: member.create_time, id: member.name.id.0 });
        page.rows.iter().for_each(|member| unit.audit(member.name));
        Ok(page)
    }
}
