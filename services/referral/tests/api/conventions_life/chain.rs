//! Chains of renewals: whoever is in force on a day judges it.

use anyhow::Result;
use futures::future::join_all;
use relais_proto::convention::v1::{Line, line};
use relais_tests::{Identity, partnership, rules};
use tonic::Code;

use super::*;

#[tokio::test]
async fn a_referral_is_judged_by_whichever_of_the_chain_is_in_force() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let first = signed(by, &partners, "", terms(&partners, -100, 99)).await?;
    let second = signed(by, &partners, &first.name, terms(&partners, 100, 199)).await?;
    // After a gap of ten days.
    let third = signed(by, &partners, &second.name, terms(&partners, 210, 300)).await?;
    assert_eq!((&second.renews, &second.chain, &third.chain), (&first.name, &first.name, &first.name));
    for (day, judge) in [(-100, &first), (99, &first), (100, &second), (199, &second), (210, &third), (300, &third)] {
        for asked in [&first, &second, &third] {
            let checked = check(&partners, &asked.name, day).await?;
            assert_eq!((checked.admitted, &checked.convention), (true, &judge.name), "day {day} of {}", asked.name);
        }
        let sent = submit(&partners, &first.name, day).await?;
        assert_eq!((&sent.convention, sent.convention_version), (&judge.name, 1), "day {day}");
    }
    let days = |from: i64, to: i64| format!("{}/{}", on(&partners, from), on(&partners, to));
    let passes = vec![days(-100, 99), days(100, 199), days(210, 300)];
    for day in [-101, 200, 209, 301] {
        let failed = why(&partners, &second.name, day).await?;
        assert_eq!(failed.len(), 1, "day {day}: {failed:?}");
        assert_eq!(failed[0].1, passes, "day {day}");
        assert!(failed[0].0.starts_with("the conventions of the chain admit from"), "{}", failed[0].0);
        assert_eq!(rules(&submit(&partners, &third.name, day).await.unwrap_err()), ["convention-not-in-force"]);
    }
    partners.world.end().await
}

/// A used-up line names the convention that follows, as long as there is something left; a suspended one is none.
#[tokio::test]
async fn what_follows_is_named_while_something_is_left_there() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let places = || Line {
        line_id: "places".into(),
        measure: line::Measure::Acts.into(),
        kind: line::Kind::Firm.into(),
        committed: 1,
        ..Line::default()
    };
    let committing = |from, to| Terms { lines: vec![places()], ..terms(&partners, from, to) };
    let first = signed(by, &partners, "", committing(-100, 99)).await?;
    let second = signed(by, &partners, &first.name, committing(100, 199)).await?;
    let third = signed(by, &partners, &second.name, committing(200, 299)).await?;
    submit(&partners, &first.name, 0).await?;
    let days = |from: i64, to: i64| format!("{}/{}", on(&partners, from), on(&partners, to));
    assert_eq!(why(&partners, &first.name, 1).await?[0].1, [days(100, 199), days(200, 299)]);
    submit(&partners, &first.name, 100).await?;
    assert_eq!(why(&partners, &first.name, 1).await?[0].1, [days(200, 299)]);
    assert_eq!(why(&partners, &first.name, 101).await?[0].1, [days(200, 299)]);
    suspend(by, &third.name).await?;
    assert_eq!(why(&partners, &first.name, 1).await?[0].1, [""; 0]);
    partners.world.end().await
}

#[tokio::test]
async fn a_draft_that_renews_is_no_link_yet() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let first = signed(by, &partners, "", terms(&partners, -100, 99)).await?;
    let next = draft(by, &first.name, terms(&partners, 100, 199)).await?;
    assert_eq!(submit(&partners, &next.name, 0).await?.convention, first.name, "its parent is in force");
    let failed = why(&partners, &next.name, 150).await?;
    let parent = format!("{}/{}", on(&partners, -100), on(&partners, 99));
    assert_eq!(failed, [("the convention is not signed yet".to_string(), vec![parent])]);
    sign(by, &next, partners.today).await?;
    assert_eq!(submit(&partners, &next.name, 150).await?.convention, next.name);
    partners.world.end().await
}

#[tokio::test]
async fn a_renewal_that_does_not_go_on_is_refused() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let first = signed(by, &partners, "", terms(&partners, 0, 99)).await?;
    for (from, to, broken) in [
        (99, 199, vec!["chain-overlap"]),
        (0, 199, vec!["renewal-before-parent", "chain-overlap"]),
        (-50, -1, vec!["renewal-before-parent"]),
    ] {
        let refused = draft(by, &first.name, terms(&partners, from, to)).await.unwrap_err();
        assert_eq!(
            (refused.code(), rules(&refused)),
            (Code::FailedPrecondition, broken.iter().map(ToString::to_string).collect())
        );
    }
    let unsigned = draft(by, "", terms(&partners, 0, 99)).await?;
    let refused = draft(by, &unsigned.name, terms(&partners, 100, 199)).await.unwrap_err();
    assert_eq!(rules(&refused), ["renewal-of-draft"]);
    // Drafts may vie; whoever is signed first renews it, and nobody else does.
    let next = draft(by, &first.name, terms(&partners, 100, 199)).await?;
    let other = draft(by, &first.name, terms(&partners, 200, 299)).await?;
    let both = join_all([&next, &other].map(|renewal| sign(by, renewal, partners.today))).await;
    assert_eq!(both.iter().filter(|signed| signed.is_ok()).count(), 1, "{both:?}");
    let lost = both.into_iter().find_map(Result::err).map(|lost| rules(&lost));
    assert_eq!(lost, Some(vec!["convention-renewed".to_string()]));
    let refused = draft(by, &first.name, terms(&partners, 300, 399)).await.unwrap_err();
    assert_eq!(rules(&refused), ["convention-renewed"]);
    // Of what is another's nobody knows.
    let third = partnership::organisation(&partners.operator, "Third").await?;
    let stranger = partners.world.session(&Identity::new("third", "coordinator").of(&third))?;
    let theirs = partnership::terms(&third, &partners.provider, partners.today);
    assert_eq!(draft(&stranger, &first.name, theirs).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn an_amendment_into_the_days_of_another_is_refused() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let first = signed(by, &partners, "", terms(&partners, 0, 99)).await?;
    signed(by, &partners, &first.name, terms(&partners, 100, 199)).await?;
    let longer = amend(by, amendment(&first, terms(&partners, 0, 100), told(&partners, 1))).await?;
    let refused = sign(by, &longer, partners.today).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["chain-overlap".to_string()]));
    assert_eq!(get(by, &first.name).await?, longer, "nothing of it was kept");
    partners.world.end().await
}

#[tokio::test]
async fn a_convention_of_others_judges_nobody() -> Result<()> {
    let partners = Partners::meet().await?;
    let first = signed(&partners.coordinator, &partners, "", terms(&partners, 0, 99)).await?;
    // It goes on with another referrer: of that one the old one learns nothing.
    let third = partnership::organisation(&partners.operator, "Third").await?;
    let mut theirs = terms(&partners, 100, 199);
    theirs.parties[0].organisation = third;
    let next = signed(&partners.operator, &partners, &first.name, theirs).await?;
    let own = format!("{}/{}", on(&partners, 0), on(&partners, 99));
    let failed = why(&partners, &first.name, 150).await?;
    assert_eq!(failed.into_iter().map(|(_, passes)| passes).collect::<Vec<_>>(), [vec![own]]);
    assert_eq!(submit(&partners, &next.name, 50).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}
