//! Expenses: money that was spent under a convention.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    error::{Error, Violation},
    ids::{ConventionId, ExpenseId},
};

use super::{Convention, Line, Measure, State, line::MOST_COMMITTED};

/// What was spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expense {
    /// Its id.
    pub id: ExpenseId,
    /// The convention.
    pub convention: ConventionId,
    /// The version of the terms of whose line it is; 0 until that is known.
    pub convention_version: i64,
    /// The line.
    pub line_id: String,
    /// How much, in the minor unit.
    pub amount: i64,
    /// The currency.
    pub currency: String,
    /// When.
    pub expense_date: NaiveDate,
    /// What for.
    pub code: String,
    /// Where it is found in the books.
    pub reference: String,
    /// When it was recorded.
    pub create_time: DateTime<Utc>,
    /// When it was taken back.
    pub counter_time: Option<DateTime<Utc>>,
}

/// The line on which an expense is recorded; `today` is the last day that has begun.
///
/// # Errors
/// INVALID_ARGUMENT with each field that is wrong, FAILED_PRECONDITION when the convention is not signed, or has ended.
pub fn spend<'a>(convention: &'a Convention, expense: &Expense, today: NaiveDate) -> Result<&'a Line, Error> {
    let terms = &convention.terms;
    if convention.state == State::Draft {
        let rule = Violation::new("convention-not-in-force", "the convention is not signed");
        return Err(Error::refused("EXPENSE_REFUSED", vec![rule]));
    }
    let line = terms.lines.iter().find(|line| line.line_id == expense.line_id && line.measure == Measure::Money);
    let mut faults = Vec::new();
    let mut ensure = |field: &str, holds: bool, rule: &str| {
        if !holds {
            faults.push(Violation::new(format!("expense.{field}"), rule));
        }
    };
    ensure("line_id", line.is_some(), "must be a line of the convention that counts money");
    let same = line.is_none_or(|line| line.currency.as_deref() == Some(expense.currency.as_str()));
    ensure("currency", same, "must be the currency of the line");
    ensure("amount", (1..=MOST_COMMITTED).contains(&expense.amount), "must be between 1 and 1000000000000");
    ensure("expense_date", expense.expense_date <= today, "must not be a day to come");
    let last = convention.run_off_until();
    match line {
        Some(line) if faults.is_empty() => {
            if (terms.start_date..=last).contains(&expense.expense_date) {
                return Ok(line);
            }
            let told = format!("expenses are recorded from {} to {last}", terms.start_date);
            let passes = vec![format!("{}/{last}", terms.start_date)];
            let rule = Violation::new("convention-not-in-force", told).of("terms.end_date", passes);
            Err(Error::refused("EXPENSE_REFUSED", vec![rule]))
        }
        _ => Err(Error::invalid(faults)),
    }
}
