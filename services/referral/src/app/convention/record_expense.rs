//! Records money that was spent: a fact, which no line refuses.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
};

use super::{
    ensure_keeps, get_for_caller,
    settle_own::{Own, settle_own},
    terms_on::terms_on,
};
use crate::{
    domain::convention::{Expense, spend},
    store::convention,
};

/// Records an expense on a line of money.
#[derive(Debug, Clone)]
pub struct RecordExpense(pub Expense);

impl UseCase for RecordExpense {
    type Outcome = Expense;
    const NAME: &'static str = "record_expense";
    // Meters and expenses are a worker's; whether the caller keeps the convention is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.0.convention)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Expense> {
        let agreed = get_for_caller(unit, self.0.convention).await?;
        ensure_keeps(unit.caller()?, &agreed)?;
        let agreed = terms_on(unit, agreed, (&self.0.line_id, self.0.expense_date)).await?;
        // Somewhere on Earth that day has begun: the furthest zone is fourteen hours ahead.
        let today = (unit.now() + TimeDelta::hours(14)).date_naive();
        let line = spend(&agreed, &self.0, today)?.clone();
        let recorded = Expense { convention_version: agreed.terms_version, create_time: unit.now(), ..self.0.clone() };
        convention::insert_expense(unit, &recorded).await?;
        settle_own(unit, &agreed, &line, own(&recorded, recorded.amount)).await?;
        unit.audit(recorded.id);
        Ok(recorded)
    }
}

/// What of an expense is spent: all of it, or nothing any more.
pub(super) fn own(expense: &Expense, used: i64) -> Own {
    let source = if used == 0 { "counter" } else { "expense" };
    Own {
        subject: expense.id.0,
        source: source.into(),
        terms_version: expense.convention_version,
        date: expense.expense_date,
        site: None,
        reserved: 0,
        used,
    }
}

impl Recall for Expense {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: if self.counter_time.is_some() { 2 } else { 1 } }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = outcome.id.into();
        let found = convention::find_expense(unit, id).await?.ok_or_else(|| Error::not_found(id))?;
        get_for_caller(unit, found.convention).await?;
        let counter_time = found.counter_time.filter(|_| outcome.version > 1);
        Ok(Self { counter_time, ..found })
    }
}
