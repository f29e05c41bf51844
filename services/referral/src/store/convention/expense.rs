//! Expenses, and that they were taken back.

use relais_platform::{Result, database::Unit, ids::ExpenseId};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::convention::Expense;

/// Enters an expense.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_expense(unit: &mut Unit<'_>, expense: &Expense) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "INSERT INTO expense (id, convention_id, convention_version, line_id, amount, currency, expense_date, code, reference,
                              actor, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        expense.id.0,
        expense.convention.0,
        expense.convention_version,
        expense.line_id,
        expense.amount,
        expense.currency,
        expense.expense_date,
        expense.code,
        expense.reference,
        actor,
        expense.create_time,
    );
    query.with_operation("INSERT", "expense").execute(unit.sql()).await?;
    Ok(())
}

/// Finds an expense.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_expense(unit: &mut Unit<'_>, id: ExpenseId) -> Result<Option<Expense>> {
    let query = sqlx::query!(
        r#"SELECT e.convention_id, e.convention_version, e.line_id, e.amount, e.currency, e.expense_date, e.code, e.reference,
                  e.create_time, c.counter_time AS "counter_time?"
           FROM expense e LEFT JOIN expense_counter c ON c.expense_id = e.id WHERE e.id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "expense").fetch_optional(unit.sql()).await?;
    Ok(row.map(|row| Expense {
        id,
        convention: row.convention_id.into(),
        convention_version: row.convention_version,
        line_id: row.line_id,
        amount: row.amount,
        currency: row.currency,
        expense_date: row.expense_date,
        code: row.code,
        reference: row.reference,
        create_time: row.create_time,
        counter_time: row.counter_time,
    }))
}

/// Notes that an expense was taken back; false when it was before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn counter_expense(unit: &mut Unit<'_>, id: ExpenseId) -> Result<bool> {
    let (actor, now) = (unit.caller()?.key(), unit.now());
    let query = sqlx::query!(
        "INSERT INTO expense_counter (expense_id, actor, counter_time) VALUES ($1, $2, $3) ON CONFLICT (expense_id) DO NOTHING",
        id.0,
        actor,
        now,
    );
    let done = query.with_operation("INSERT", "expense_counter").execute(unit.sql()).await?;
    Ok(done.rows_affected() == 1)
}
