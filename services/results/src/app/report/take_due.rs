//! Takes from the queue what is to be released. Then referral is asked, outside of any transaction.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use crate::store::report::{self, Due};

/// Reports taken at once.
const AT_ONCE: i64 = 20;

/// Takes reports whose recipients are to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct TakeDue;

impl UseCase for TakeDue {
    type Outcome = Vec<Due>;
    const NAME: &'static str = "take_due_releases";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Due>> {
        report::take_due(unit, AT_ONCE).await
    }
}
