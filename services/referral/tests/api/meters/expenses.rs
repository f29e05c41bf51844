//! Money that is spent: recorded once, taken back whole, and shown as beyond where it goes beyond.

use anyhow::Result;
use chrono::Days;
use relais_proto::convention::v1::{CounterExpenseRequest, Expense, RecordExpenseRequest};
use relais_tests::{Session, partnership, request_id, rules, violations};
use tonic::Code;

use super::*;

fn money(committed: i64) -> Line {
    Line { line_id: "salaries".into(), measure: line::Measure::Money.into(), currency: "EUR".into(), ..firm(committed) }
}

impl Metered {
    fn spent(&self, amount: i64) -> Expense {
        Expense {
            convention: self.convention.clone(),
            line_id: "salaries".into(),
            amount,
            currency: "EUR".into(),
            expense_date: day(self.partners.today),
            code: "salary".into(),
            reference: "2026-17".into(),
            ..Expense::default()
        }
    }
}

async fn record(by: &Session, expense: Expense) -> Result<Expense, Status> {
    let request = RecordExpenseRequest { expense: Some(expense), request_id: request_id() };
    Ok(by.expenses().record_expense(request).await?.into_inner().expense.unwrap_or_default())
}

#[tokio::test]
async fn money_is_counted_once_beyond_what_is_committed_too_and_taken_back_whole() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![100], ..terms };
    let metered = Metered::agree_with(vec![money(100_000)], agreed, &[]).await?;
    let by = &metered.partners.coordinator;
    let request = RecordExpenseRequest { expense: Some(metered.spent(70_000)), request_id: request_id() };
    let first = by.expenses().record_expense(request.clone()).await?.into_inner().expense;
    assert_eq!(by.expenses().record_expense(request).await?.into_inner().expense, first, "the same request again");
    assert_eq!(metered.stands().await?, (0, 70_000, 30_000, 0));
    metered.send().await?;
    let second = record(by, metered.spent(50_000)).await?;
    assert_eq!(metered.stands().await?, (0, 120_000, 0, 20_000));
    let refused = metered.send().await.unwrap_err();
    assert_eq!(rules(&refused), ["budget-exhausted"]);
    let counter = CounterExpenseRequest { name: second.name.clone(), request_id: request_id() };
    let countered = by.expenses().counter_expense(counter.clone()).await?.into_inner().expense;
    assert!(countered.as_ref().is_some_and(|it| it.counter_time.is_some() && it.amount == 50_000));
    assert_eq!(by.expenses().counter_expense(counter).await?.into_inner().expense, countered);
    assert_eq!(metered.stands().await?, (0, 70_000, 30_000, 0));
    let again = CounterExpenseRequest { name: second.name, request_id: request_id() };
    assert_eq!(rules(&by.expenses().counter_expense(again).await.unwrap_err()), ["expense-countered"]);
    metered.send().await?;
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM meter_threshold").await?, 1);
    metered.end().await
}

#[tokio::test]
async fn what_cannot_have_been_spent_is_refused_by_field() -> Result<()> {
    let metered = Metered::agree_with(
        vec![money(100_000), firm(5)],
        |terms| Terms { run_off_days: 30, end_date: terms.start_date, ..terms },
        &[],
    )
    .await?;
    let by = &metered.partners.coordinator;
    let (today, start) = (metered.partners.today, metered.partners.today - Days::new(200));
    let on = |date| Expense { expense_date: day(date), ..metered.spent(1) };
    for (expense, field) in [
        (Expense { currency: "USD".into(), ..metered.spent(1) }, "currency"),
        (metered.spent(0), "amount"),
        (metered.spent(-1), "amount"),
        (metered.spent(1_000_000_000_001), "amount"),
        (on(today + Days::new(2)), "expense_date"),
        (Expense { line_id: "places".into(), ..metered.spent(1) }, "line_id"),
        (Expense { line_id: "nothing".into(), ..metered.spent(1) }, "line_id"),
    ] {
        let refused = record(by, expense).await.unwrap_err();
        assert_eq!(violations(&refused), [format!("expense.{field}")]);
    }
    for outside in [start - Days::new(1), start + Days::new(31), today] {
        let refused = record(by, on(outside)).await.unwrap_err();
        assert_eq!(
            (refused.code(), rules(&refused)),
            (Code::FailedPrecondition, vec!["convention-not-in-force".into()])
        );
    }
    for within in [start, start + Days::new(30)] {
        record(by, on(within)).await?;
    }
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM expense").await?, 2);
    metered.end().await
}

#[tokio::test]
async fn expenses_are_recorded_by_who_keeps_the_convention() -> Result<()> {
    let metered = Metered::agree(vec![money(100_000)]).await?;
    let partners = &metered.partners;
    for (by, code) in [(&partners.desk, Code::PermissionDenied), (&partners.stranger, Code::PermissionDenied)] {
        assert_eq!(record(by, metered.spent(1)).await.unwrap_err().code(), code);
    }
    let recorded = record(&partners.operator, metered.spent(1)).await?;
    let other = partnership::organisation(&partners.operator, "Elsewhere").await?;
    let outsider = partners.world.session(&relais_tests::Identity::new("outsider", "coordinator").of(&other))?;
    assert_eq!(record(&outsider, metered.spent(1)).await.unwrap_err().code(), Code::NotFound);
    let absent = format!("expenses/{}", uuid::Uuid::now_v7());
    for name in [&recorded.name, &absent] {
        let request = CounterExpenseRequest { name: name.clone(), request_id: request_id() };
        let refused = outsider.expenses().counter_expense(request).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, format!("{name} was not found").as_str()));
    }
    let draft = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.operator, Terms { lines: vec![money(5)], ..draft }).await?;
    let unsigned = Expense { convention: draft.name, ..metered.spent(1) };
    assert_eq!(rules(&record(&partners.operator, unsigned).await.unwrap_err()), ["convention-not-in-force"]);
    metered.end().await
}
