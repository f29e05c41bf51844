//! Lines of money and of staff minutes, and what was entered on them.

use anyhow::Result;
use relais_platform::clock::machine_now;
use relais_proto::convention::v1::{
    Expense, Line, RecordExpenseRequest, ReserveStaffTimeRequest, StaffTime, Terms, line,
};
use relais_tests::{partnership::Partners, request_id};

/// Terms with a line of money and one of staff minutes besides.
pub(crate) fn with_lines(mut terms: Terms) -> Terms {
    let firm = Line {
        kind: line::Kind::Firm.into(),
        committed: 1_000_000,
        counted_from: line::CountedFrom::Attendance.into(),
        ..Line::default()
    };
    let (measure, currency) = (line::Measure::Money.into(), "EUR".into());
    terms.lines.push(Line { line_id: "money".into(), measure, currency, ..firm.clone() });
    terms.lines.push(Line { line_id: "staff".into(), measure: line::Measure::StaffMinutes.into(), ..firm });
    terms
}

/// Money that was spent.
pub(crate) async fn spent(partners: &Partners, convention: &str) -> Result<String> {
    let expense = Expense {
        convention: convention.into(),
        line_id: "money".into(),
        amount: 99,
        currency: "EUR".into(),
        expense_date: Some(relais_tests::date(machine_now().date_naive())),
        code: "rent".into(),
        ..Expense::default()
    };
    let request = RecordExpenseRequest { expense: Some(expense), request_id: request_id() };
    let recorded = partners.operator.expenses().record_expense(request).await?.into_inner();
    Ok(recorded.expense.unwrap_or_default().name)
}

/// Staff time that is planned.
pub(crate) async fn planned(partners: &Partners, convention: &str) -> Result<String> {
    let planned = StaffTime {
        convention: convention.into(),
        line_id: "staff".into(),
        planned_minutes: 60,
        work_date: Some(relais_tests::date(machine_now().date_naive())),
        ..StaffTime::default()
    };
    let request = ReserveStaffTimeRequest { staff_time: Some(planned), request_id: request_id() };
    let reserved = partners.operator.staff_times().reserve_staff_time(request).await?.into_inner();
    Ok(reserved.staff_time.unwrap_or_default().name)
}
