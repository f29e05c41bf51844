//! Lists who waits under a convention, in the order in which places are offered.

use std::collections::HashMap;

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::seen;
use crate::{
    app::convention::get_for_caller,
    domain::referral::{Referral, Turn},
    store::referral::{self, Listed},
};

/// Lists the referrals on the waiting list of a convention that the caller is a party of.
#[derive(Debug, Clone, Copy)]
pub struct ListWaiting {
    /// Under which convention.
    pub convention: ConventionId,
    /// After whose turn; none: from the first.
    pub after: Option<Turn>,
    /// At most so many.
    pub size: i64,
}

/// A page of the list.
#[derive(Debug)]
pub struct WaitingPage {
    /// Who waits, the first one first.
    pub rows: Vec<(Referral, Listed)>,
    /// After whose turn the next page begins, when there is one.
    pub next: Option<Turn>,
}

impl UseCase for ListWaiting {
    type Outcome = WaitingPage;
    const NAME: &'static str = "list_waiting";

    fn asks(&self) -> Subject {
        Subject::of(self.convention)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<WaitingPage> {
        get_for_caller(unit, self.convention).await?;
        let mut listed = referral::list_waiting(unit, self.convention, self.after, self.size + 1).await?;
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = listed.len() > size;
        listed.truncate(size);
        let next = listed.last().filter(|_| more).map(|last| last.waiting.turn);
        let ids: Vec<_> = listed.iter().map(|row| row.waiting.referral.0).collect();
        let found = referral::list_by_id(unit, &ids, None).await?;
        let mut found: HashMap<_, _> = found.into_iter().map(|referral| (referral.id, referral)).collect();
        let mut rows = Vec::with_capacity(listed.len());
        for row in listed {
            if let Some(waits) = found.remove(&row.waiting.referral) {
                unit.audit(&waits);
                rows.push((seen(unit, waits)?, row));
            }
        }
        Ok(WaitingPage { rows, next })
    }
}
