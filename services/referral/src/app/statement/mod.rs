//! Use cases of statements: what funders are told of conventions.

mod close_statement;
mod get_statement;
mod list_statements;

pub use close_statement::CloseStatement;
pub use get_statement::GetStatement;
pub use list_statements::ListStatements;

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::domain::statement::Statement;

impl From<&Statement> for Subject {
    fn from(statement: &Statement) -> Self {
        Self::of(statement.id)
    }
}

impl Recall for Statement {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        get_statement::get_for_caller(unit, outcome.id.into()).await
    }
}
