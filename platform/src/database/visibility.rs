//! Whose rows a transaction sees: the first statement of every unit of work.
//!
//! The settings are the transaction's own (`set_config(…, true)`): the next borrower of the connection finds them empty, and
//! with empty settings the policies show no row. What the database is told here is the organisation alone; units of an
//! organisation, and capacities, are conditions of each query.

use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::Transaction;
use crate::{
    calls::Call,
    error::Result,
    planted::{Bug, Planted},
};

/// Whose rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    /// Those that one organisation is a party of; nobody's when the caller acts for none.
    Organisation(Option<Uuid>),
    /// All: a worker's, that applies what others decided.
    System,
}

impl Visibility {
    /// Of a call, or of a worker when nobody calls.
    pub(super) fn of(call: Option<&Call>) -> Self {
        call.map_or(Self::System, |call| Self::Organisation(call.caller.organisation.map(|id| id.0)))
    }

    /// Tells the database.
    pub(super) async fn set(self, transaction: &mut Transaction<'_>, planted: Planted) -> Result<()> {
        let (organisation, system) = match self {
            Self::Organisation(organisation) => (organisation.map(|id| id.to_string()).unwrap_or_default(), ""),
            Self::System => (String::new(), "on"),
        };
        let query = sqlx::query!(
            "SELECT set_config('app.organisation', $1, $3) AS organisation, set_config('app.system', $2, $3) AS system",
            organisation,
            system,
            !planted.has(Bug::SettingNotLocal),
        );
        query.with_operation("SELECT", "visibility").fetch_one(transaction).await?;
        Ok(())
    }
}
