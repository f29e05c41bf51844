//! Closing: numbered without gaps, one after another, and never changed.

use anyhow::Result;
use relais_proto::convention::v1::{CloseStatementRequest, GetStatementRequest, Statement};
use relais_tests::{date, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::{Stage, close};

fn outcome(closed: Result<Statement, Status>) -> Result<i64, Vec<String>> {
    closed.map(|statement| statement.number).map_err(|refused| rules(&refused))
}

#[tokio::test]
async fn statements_are_numbered_without_gaps_when_two_are_closed_at_once() -> Result<()> {
    let stage = Stage::set().await?;
    for (number, days) in (1..).zip([(90, 61), (60, 31), (30, 11)]) {
        let (one, other) = tokio::join!(stage.close(days), stage.close(days));
        let mut outcomes = [outcome(one), outcome(other)];
        outcomes.sort();
        assert_eq!(outcomes, [Ok(number), Err(vec!["period-overlaps".to_string()])], "one of two for {days:?}");
    }
    // Of two periods that follow each other the earlier one may come too late; no number is lost by it.
    let (one, other) = tokio::join!(stage.close((10, 6)), stage.close((5, 1)));
    let later = outcome(other).expect("the later one is closed");
    match outcome(one) {
        Ok(number) => assert_eq!((number, later), (4, 5)),
        Err(refused) => assert_eq!((refused, later), (vec!["period-out-of-order".to_string()], 4)),
    }
    let gaps = "SELECT max(number) - count(*) FROM statement";
    assert_eq!(stage.partners.world.count(gaps).await?, 0);
    stage.partners.world.end().await
}

#[tokio::test]
async fn the_same_request_answers_the_same_and_closes_one() -> Result<()> {
    let stage = Stage::set().await?;
    let request = stage.request((30, 11));
    let coordinator = &stage.partners.coordinator;
    let first = close(coordinator, request.clone()).await?;
    assert_eq!(close(coordinator, request.clone()).await?, first);
    let (one, other) = tokio::join!(close(coordinator, request.clone()), close(coordinator, request.clone()));
    assert_eq!((one?, other?), (first.clone(), first));
    let another = CloseStatementRequest { last_day: Some(date(stage.before(10))), ..request };
    assert_eq!(close(coordinator, another).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(stage.partners.world.count("SELECT count(*) FROM statement").await?, 1);
    stage.partners.world.end().await
}

#[tokio::test]
async fn a_closed_statement_is_changed_by_nobody() -> Result<()> {
    let stage = Stage::set().await?;
    let sent = stage.submit().await?;
    stage.give(&sent.name, (&stage.forges, 40, 7)).await?;
    let closed = stage.close((60, 31)).await?;
    stage.give(&sent.name, (&stage.forges, 41, 9)).await?;
    stage.close((30, 1)).await?;
    let request = GetStatementRequest { name: closed.name.clone() };
    let now = stage.funder.statements().get_statement(request).await?.into_inner().statement;
    assert_eq!(now, Some(closed));

    let runtime = sqlx::PgPool::connect(stage.partners.world.settings.database.url.expose()).await?;
    for statement in [
        "UPDATE referral.statement SET document = '{}'",
        "UPDATE referral.statement SET number = 7",
        "DELETE FROM referral.statement",
        "TRUNCATE referral.statement",
    ] {
        let refused = sqlx::query(statement).execute(&runtime).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
    runtime.close().await;
    stage.partners.world.end().await
}

/// What the use case refuses, the database refuses as well.
#[tokio::test]
async fn the_database_holds_no_two_statements_of_a_day_nor_of_a_number() -> Result<()> {
    let stage = Stage::set().await?;
    stage.close((60, 31)).await?;
    for (number, first, constraint) in [(2, 31, "statement_period"), (1, 30, "statement_number")] {
        let insert = "INSERT INTO statement (id, convention_id, number, first_day, last_day, close_time, document, counted)
                      SELECT gen_random_uuid(), convention_id, $1, $2, $2, close_time, document, counted FROM statement";
        let query = sqlx::query(insert).bind(i64::from(number)).bind(stage.before(first));
        let refused = query.execute(&stage.partners.world.database).await.unwrap_err();
        assert_eq!(refused.as_database_error().and_then(|error| error.constraint()), Some(constraint));
    }
    stage.partners.world.end().await
}

#[tokio::test]
async fn a_period_follows_the_last_one_and_is_over() -> Result<()> {
    let stage = Stage::set().await?;
    stage.close((60, 31)).await?;
    for (days, expected) in [
        ((31, 10), "period-overlaps"),
        ((70, 60), "period-overlaps"),
        ((90, 20), "period-overlaps"),
        ((90, 61), "period-out-of-order"),
        ((30, 0), "period-not-over"),
    ] {
        let refused = stage.close(days).await.unwrap_err();
        assert_eq!(
            (refused.code(), rules(&refused)),
            (Code::FailedPrecondition, vec![expected.to_string()]),
            "{days:?}"
        );
    }
    let ahead = CloseStatementRequest {
        last_day: Some(date(stage.partners.today + chrono::Days::new(400))),
        ..stage.request((30, 0))
    };
    let refused = close(&stage.partners.coordinator, ahead).await.unwrap_err();
    assert_eq!(rules(&refused), ["period-not-over"]);
    // Days that no statement is of may lie between.
    assert_eq!(stage.close((20, 11)).await?.number, 2);
    stage.partners.world.end().await
}

#[tokio::test]
async fn what_is_no_period_is_told_by_field() -> Result<()> {
    let stage = Stage::set().await?;
    let good = stage.request((30, 11));
    let of = |year| Some(relais_proto::google::r#type::Date { year, month: 1, day: 1 });
    for (request, fields) in [
        (CloseStatementRequest::default(), vec!["convention", "first_day", "last_day", "request_id"]),
        (
            CloseStatementRequest { first_day: good.last_day, last_day: good.first_day, ..good.clone() },
            vec!["last_day"],
        ),
        (CloseStatementRequest { first_day: of(2000), last_day: of(2005), ..good.clone() }, vec!["last_day"]),
        (CloseStatementRequest { first_day: of(1899), ..good.clone() }, vec!["first_day"]),
        (CloseStatementRequest { convention: "conventions/1".into(), ..good.clone() }, vec!["convention"]),
    ] {
        let refused = close(&stage.partners.coordinator, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), violations(&refused)),
            (Code::InvalidArgument, fields.iter().map(ToString::to_string).collect())
        );
    }
    // A draft has none.
    let partners = &stage.partners;
    let draft = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, draft).await?;
    let request = CloseStatementRequest { convention: draft.name, request_id: request_id(), ..good };
    let refused = close(&partners.coordinator, request).await.unwrap_err();
    assert_eq!(rules(&refused), ["convention-not-signed"]);
    stage.partners.world.end().await
}
