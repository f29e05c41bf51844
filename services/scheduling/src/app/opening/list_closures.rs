//! Lists the closures of a site.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::{Child, SiteId},
};

use crate::{domain::opening::Closure, store};

/// Lists the closures of a site of the caller's organisation, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListClosures {
    /// The site.
    pub site: Child<SiteId>,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListClosures {
    type Outcome = Page<Closure>;
    const NAME: &'static str = "list_closures";

    fn asks(&self) -> Subject {
        Subject::of(self.site)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Closure>> {
        store::site::get_own(unit, self.site).await?;
        let rows = store::closure::list(unit, self.site.id, &self.page).await?;
        let page = self.page.page(rows, |found| Position { time: found.create_time, id: found.id.0 });
        page.rows.iter().for_each(|found| unit.audit(found));
        Ok(page)
    }
}
