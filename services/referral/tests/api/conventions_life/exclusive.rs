//! Exclusive conventions: no referrer has another one, outside of the chain, for the same service on the same day.

use anyhow::Result;
use relais_proto::convention::v1::{Coding, Terms};
use relais_tests::{partnership, rules};
use tonic::Code;

use super::*;

fn exclusive(terms: Terms) -> Terms {
    Terms { exclusive: true, ..terms }
}

/// Terms between the same referrer and another provider.
fn elsewhere(partners: &Partners, provider: &str, from: i64, to: i64) -> Terms {
    let mut terms = terms(partners, from, to);
    terms.parties[1].organisation = provider.into();
    terms
}

/// Nothing but the rule is told: not even that there is a convention of a certain name.
fn is_refused(refused: &Status, other: &Convention) {
    assert_eq!((refused.code(), rules(refused)), (Code::FailedPrecondition, vec!["convention-exclusive".to_string()]));
    let told = format!("{} {}", refused.message(), String::from_utf8_lossy(refused.details()));
    let id = other.name.trim_start_matches("conventions/");
    assert!(!told.contains("Secret") && !told.contains(id), "{told}");
}

#[tokio::test]
async fn an_exclusive_convention_suffers_no_other_for_the_same_on_the_same_days() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let third = partnership::organisation(&partners.operator, "Third").await?;
    // After the convention that the partners have, until day 900.
    let own = signed(by, &partners, "", exclusive(terms(&partners, 1000, 1100))).await?;
    for (from, to) in [(950, 1000), (1050, 1060), (1100, 1200)] {
        let refused = signed(by, &partners, "", elsewhere(&partners, &third, from, to)).await.unwrap_err();
        is_refused(&refused, &own);
    }
    // Other days, another service, another referrer, the same chain.
    signed(by, &partners, "", elsewhere(&partners, &third, 950, 999)).await?;
    let mut xray = elsewhere(&partners, &third, 1000, 1100);
    xray.services[0].code =
        Some(Coding { system: partnership::LOINC.into(), code: "36643-5".into(), ..Coding::default() });
    signed(by, &partners, "", xray).await?;
    let mut theirs = elsewhere(&partners, &partners.provider, 1000, 1100);
    theirs.parties[0].organisation = third.clone();
    signed(&partners.operator, &partners, "", theirs).await?;
    signed(by, &partners, &own.name, exclusive(terms(&partners, 1101, 1200))).await?;
    // Drafts claim nothing.
    draft(by, "", elsewhere(&partners, &third, 1000, 1100)).await?;
    partners.world.end().await
}

#[tokio::test]
async fn who_has_a_convention_already_signs_no_exclusive_one_beside_it() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let third = partnership::organisation(&partners.operator, "Third").await?;
    let own = get(by, &partners.convention).await?;
    let beside = draft(by, "", exclusive(elsewhere(&partners, &third, 0, 100))).await?;
    is_refused(&sign(by, &beside, partners.today).await.unwrap_err(), &own);
    assert_eq!(get(by, &beside.name).await?, beside, "it is a draft still");
    // An amendment that makes it exclusive counts from its day on.
    let plain = signed(by, &partners, "", elsewhere(&partners, &third, 800, 1000)).await?;
    let amended = |days| amendment(&plain, exclusive(elsewhere(&partners, &third, 800, 1000)), told(&partners, days));
    let entered = amend(by, amended(900)).await?;
    is_refused(&sign(by, &entered, partners.today).await.unwrap_err(), &own);
    // Once the other one ends before that day, nothing is in its way.
    terminate(by, &own.name, told(&partners, 899)).await?;
    sign(by, &entered, partners.today).await?;
    let next = draft(by, "", terms(&partners, 900, 1000)).await?;
    is_refused(&sign(by, &next, partners.today).await.unwrap_err(), &plain);
    partners.world.end().await
}

#[tokio::test]
async fn of_two_exclusive_ones_that_are_signed_at_once_one_is() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let third = partnership::organisation(&partners.operator, "Third").await?;
    let one = draft(by, "", exclusive(terms(&partners, 1000, 1100))).await?;
    let two = draft(by, "", exclusive(elsewhere(&partners, &third, 1050, 1150))).await?;
    let (a, b) = tokio::join!(sign(by, &one, partners.today), sign(by, &two, partners.today));
    match (a, b) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => is_refused(&lost, &won),
        both => anyhow::bail!("{both:?}"),
    }
    partners.world.end().await
}
