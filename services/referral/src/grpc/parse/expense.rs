//! Requests of expenses.

use chrono::DateTime;
use relais_platform::{Result, calls::Check, ids::ExpenseId};
use relais_proto::convention::v1;
use uuid::Uuid;

use super::plain_code;
use crate::{
    app::convention::{CounterExpense, RecordExpense},
    domain::convention::Expense,
};

/// The longest reference.
const REFERENCE: usize = 100;

pub(in crate::grpc) fn record_expense(request: &v1::RecordExpenseRequest) -> Result<(Uuid, RecordExpense)> {
    let mut check = Check::default();
    let given = check.required("expense", request.expense.clone());
    let expense = Expense {
        id: ExpenseId::draw(),
        convention: check.name("expense.convention", &given.convention),
        convention_version: 0,
        line_id: plain_code(&mut check, "expense.line_id", &given.line_id),
        amount: given.amount,
        currency: check.text("expense.currency", &given.currency, 3),
        expense_date: check.date("expense.expense_date", given.expense_date),
        code: plain_code(&mut check, "expense.code", &given.code),
        reference: check.optional_text("expense.reference", &given.reference, REFERENCE),
        create_time: DateTime::default(),
        counter_time: None,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, RecordExpense(expense)))
}

pub(in crate::grpc) fn counter_expense(request: &v1::CounterExpenseRequest) -> Result<(Uuid, CounterExpense)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CounterExpense(id)))
}
