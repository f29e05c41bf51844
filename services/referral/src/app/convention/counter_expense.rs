//! Takes an expense back: by an entry against it, never by a change.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::{Kind, Violation},
    ids::ExpenseId,
};

use super::{ensure_keeps, get_for_caller, record_expense::own, settle_own::settle_own, terms_on::terms_on};
use crate::{domain::convention::Expense, store::convention};

/// Takes an expense back, whole.
#[derive(Debug, Clone, Copy)]
pub struct CounterExpense(pub ExpenseId);

impl UseCase for CounterExpense {
    type Outcome = Expense;
    const NAME: &'static str = "counter_expense";
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Expense> {
        let absent = || Error::not_found(self.0);
        let found = convention::find_expense(unit, self.0).await?.ok_or_else(absent)?;
        // Whose convention the caller may not know, of that there is no expense.
        let hide = |error: Error| if error.kind == Kind::NotFound { absent() } else { error };
        let agreed = get_for_caller(unit, found.convention).await.map_err(hide)?;
        ensure_keeps(unit.caller()?, &agreed)?;
        let agreed = terms_on(unit, agreed, (&found.line_id, found.expense_date)).await?;
        let now = unit.now();
        if found.counter_time.is_some() || !convention::counter_expense(unit, self.0).await? {
            let rule = Violation::new("expense-countered", "it was taken back already");
            return Err(Error::refused("EXPENSE_COUNTERED", vec![rule]));
        }
        let lines = &agreed.terms.lines;
        let line = lines.iter().find(|line| line.line_id == found.line_id).ok_or_else(absent)?.clone();
        settle_own(unit, &agreed, &line, own(&found, 0)).await?;
        unit.audit(self.0);
        Ok(Expense { counter_time: Some(now), ..found })
    }
}
