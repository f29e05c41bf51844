//! Lists conventions.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
};

use super::sees_all;
use crate::{domain::convention::Convention, store::convention};

/// Lists the conventions that the caller's organisation is a party of; all of them for network and operator.
#[derive(Debug, Clone, Copy)]
pub struct ListConventions {
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListConventions {
    type Outcome = Page<Convention>;
    const NAME: &'static str = "list_conventions";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Convention>> {
        let caller = unit.caller()?;
        let party = if sees_all(caller) { None } else { Some(caller.acting_organisation()?) };
        let mut rows = Vec::new();
        for found in convention::list(unit, party, &self.page).await? {
            // A statement more for those alone of which something is open.
            rows.push(convention::whole(unit, found).await?);
        }
        Ok(self.page.page(rows, |convention| Position { time: convention.create_time, id: convention.id.0 }))
    }
}
