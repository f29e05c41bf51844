//! Lists statements.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    ids::ConventionId,
};

use crate::{app::convention::get_for_caller, domain::statement::Statement, store::statement};

/// Lists the statements of a convention that the caller may know of, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListStatements {
    /// Of which convention.
    pub convention: ConventionId,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListStatements {
    type Outcome = Page<Statement>;
    const NAME: &'static str = "list_statements";
    // Statements are a worker's; whether the caller may know of the convention is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.convention.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Statement>> {
        let convention = get_for_caller(unit, self.convention).await?;
        let rows = statement::list(unit, convention.id, &self.page).await?;
        let page = self.page.page(rows, |statement| Position { time: statement.close_time, id: statement.id.0 });
        page.rows.iter().for_each(|statement| unit.audit(statement));
        Ok(page)
    }
}
