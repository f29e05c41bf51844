//! Commitments that make no sense, and terms that promise less than was used.

use anyhow::Result;
use chrono::Days;
use relais_tests::{rules, violations};
use tonic::Code;
use tonic_types::StatusExt;

use super::*;

#[tokio::test]
async fn a_line_that_makes_no_sense_is_refused_by_field() -> Result<()> {
    let partners = Partners::meet().await?;
    let money =
        |currency: &str| Line { measure: line::Measure::Money.into(), currency: currency.into(), ..firm(100_000) };
    let counted = Line { kind: line::Kind::Counted.into(), ..firm(5) };
    let persons =
        Line { measure: line::Measure::Persons.into(), counted_from: line::CountedFrom::Report.into(), ..firm(5) };
    for (line, field) in [
        (firm(0), "committed"),
        (firm(-1), "committed"),
        (firm(1_000_000_000_001), "committed"),
        (firm(i64::MAX), "committed"),
        (counted, "committed"),
        (money(""), "currency"),
        (money("EUX"), "currency"),
        (money("XAU"), "currency"),
        (money("eur"), "currency"),
        (Line { currency: "EUR".into(), ..firm(5) }, "currency"),
        (persons, "counted_from"),
        (Line { kind: line::Kind::Soft.into(), on_exhausted: 2, ..firm(5) }, "on_exhausted"),
        (Line { per: 9, ..firm(5) }, "per"),
        (Line { scope: 9, ..firm(5) }, "scope"),
        (Line { reserve_at: 9, ..firm(5) }, "reserve_at"),
        (Line { on_exhausted: 9, ..firm(5) }, "on_exhausted"),
    ] {
        let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
        let terms = Terms { lines: vec![Line { line_id: "others".into(), ..firm(5) }, line.clone()], ..terms };
        let refused = partnership::draft(&partners.coordinator, terms).await.unwrap_err();
        let status = refused.downcast_ref::<Status>().context("no status")?;
        assert_eq!(violations(status), [format!("convention.terms.lines[1].{field}")], "{line:?}");
    }
    partners.world.end().await
}

#[tokio::test]
async fn every_term_of_a_line_is_read_back_as_it_was_agreed() -> Result<()> {
    let places = Line {
        measure: line::Measure::Persons.into(),
        per: line::Per::Year.into(),
        scope: line::Scope::Site.into(),
        reserve_at: line::ReserveAt::Acceptance.into(),
        on_exhausted: line::OnExhausted::Waitlist.into(),
        counted_from: line::CountedFrom::Attendance.into(),
        ..firm(12)
    };
    let money = Line {
        line_id: "money".into(),
        measure: line::Measure::Money.into(),
        currency: "TND".into(),
        per: line::Per::Month.into(),
        scope: line::Scope::All.into(),
        reserve_at: line::ReserveAt::Submission.into(),
        on_exhausted: line::OnExhausted::Refuse.into(),
        counted_from: line::CountedFrom::Attendance.into(),
        kind: line::Kind::Soft.into(),
        committed: 1_000_000_000_000,
    };
    let lines = vec![places, money];
    let partners = Partners::meet().await?;
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, Terms { lines: lines.clone(), ..terms }).await?;
    let request = GetConventionRequest { name: draft.name };
    let read = partners.lab.conventions().get_convention(request).await?.into_inner().convention;
    assert_eq!(read.and_then(|it| it.terms).map(|terms| terms.lines), Some(lines));
    partners.world.end().await
}

/// Signs an amendment that commits another number from today on.
async fn commit(metered: &Metered, committed: i64) -> Result<Convention, Status> {
    metered.amend(metered.partners.today, |terms| terms.lines[0].committed = committed).await
}

#[tokio::test]
async fn terms_that_promise_less_than_was_taken_are_refused() -> Result<()> {
    let metered = Metered::agree(vec![firm(5)]).await?;
    for _ in 0..3 {
        metered.send().await?;
    }
    let refused = commit(&metered, 2).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.get_details_error_info().is_some_and(|info| info.reason == "COMMITTED_BELOW_USE"), "{refused:?}");
    assert_eq!(rules(&refused), ["committed-below-use"]);
    assert_eq!(metered.stands().await?, (3, 0, 2, 0), "as it was");
    metered.end().await
}

#[tokio::test]
async fn meters_follow_the_terms_and_no_place_is_lost() -> Result<()> {
    let metered = Metered::agree(vec![firm(40)]).await?;
    for _ in 0..3 {
        metered.send().await?;
    }
    commit(&metered, 4).await?;
    assert_eq!(metered.stands().await?, (3, 0, 1, 0));
    metered.send().await?;
    assert!(metered.send().await.is_err(), "four are committed now");
    commit(&metered, 6).await?;
    assert_eq!(metered.stands().await?, (4, 0, 2, 0));
    metered.send().await?;
    metered.end().await
}

/// What went beyond before keeps nobody from agreeing on something else.
#[tokio::test]
async fn terms_that_promise_as_much_as_before_are_signed_whatever_was_taken() -> Result<()> {
    let metered = Metered::agree(vec![Line { kind: line::Kind::Soft.into(), ..firm(2) }]).await?;
    for _ in 0..4 {
        metered.send().await?;
    }
    let today = metered.partners.today;
    metered.amend(today, |terms| terms.end_date = day(today + Days::new(700))).await?;
    assert_eq!(metered.stands().await?, (4, 0, 0, 2));
    let entered = commit(&metered, 1).await.unwrap_err();
    assert_eq!(rules(&entered), ["committed-below-use"]);
    metered.end().await
}

#[tokio::test]
async fn terms_that_promise_more_are_signed_though_more_than_that_is_taken() -> Result<()> {
    let metered = Metered::agree(vec![Line { kind: line::Kind::Soft.into(), ..firm(1) }]).await?;
    for _ in 0..4 {
        metered.send().await?;
    }
    commit(&metered, 3).await?;
    assert_eq!(metered.stands().await?, (4, 0, 0, 1));
    metered.end().await
}
