//! Reads a statement.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::StatementId,
};

use crate::{app::convention::sees_all, domain::statement::Statement, store::statement};

/// Reads a statement of a convention that the caller's organisation is a party of.
#[derive(Debug, Clone, Copy)]
pub struct GetStatement(pub StatementId);

impl UseCase for GetStatement {
    type Outcome = Statement;
    const NAME: &'static str = "get_statement";
    // Statements are a worker's; whether the caller may see one is part of the question.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Statement> {
        get_for_caller(unit, self.0).await
    }
}

/// The statement, if the caller may know of it; absent otherwise.
pub(super) async fn get_for_caller(unit: &mut Unit<'_>, id: StatementId) -> Result<Statement> {
    let caller = unit.caller()?;
    let party = if sees_all(caller) { None } else { Some(caller.acting_organisation()?) };
    let found = statement::get(unit, id, party).await?;
    unit.audit(&found);
    Ok(found)
}
