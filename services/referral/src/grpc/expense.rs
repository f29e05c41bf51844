//! `relais.convention.v1.ExpenseService`.

use relais_platform::{
    Context,
    calls::check::{date_to_proto, time_to_proto},
    grpc::{Answer, answer},
};
use relais_proto::convention::v1::{
    self, CounterExpenseRequest, CounterExpenseResponse, RecordExpenseRequest, RecordExpenseResponse,
    expense_service_server::ExpenseService,
};
use tonic::Request;

use super::parse;
use crate::domain::convention::Expense;

/// Serves expenses.
pub(super) struct Expenses(pub Context);

#[tonic::async_trait]
impl ExpenseService for Expenses {
    async fn record_expense(&self, request: Request<RecordExpenseRequest>) -> Answer<RecordExpenseResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::record_expense(&body)?;
        let recorded = self.0.change(call, request_id, &body, command).await?;
        answer(RecordExpenseResponse { expense: Some(expense(recorded)) })
    }

    async fn counter_expense(&self, request: Request<CounterExpenseRequest>) -> Answer<CounterExpenseResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::counter_expense(&body)?;
        let countered = self.0.change(call, request_id, &body, command).await?;
        answer(CounterExpenseResponse { expense: Some(expense(countered)) })
    }
}

fn expense(value: Expense) -> v1::Expense {
    v1::Expense {
        name: value.id.to_string(),
        convention: value.convention.to_string(),
        line_id: value.line_id,
        amount: value.amount,
        currency: value.currency,
        expense_date: Some(date_to_proto(value.expense_date)),
        code: value.code,
        reference: value.reference,
        create_time: Some(time_to_proto(value.create_time)),
        counter_time: value.counter_time.map(time_to_proto),
    }
}
