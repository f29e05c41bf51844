//! Thresholds: told once each time that they are crossed, and never for nothing.

use anyhow::Result;
use futures::future::join_all;
use relais_platform::events::Event;
use relais_tests::eventually;

use super::*;
use crate::lifecycle::cancel_referral;

const TOLD: &str = "SELECT count(*) FROM outbox_sent WHERE type = 'relais.referral.meter.threshold-crossed.v1'";

#[tokio::test]
async fn a_threshold_is_told_once_for_each_time_that_it_is_crossed() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![50, 100], ..terms };
    let metered = Metered::agree_with(vec![firm(4)], agreed, &[]).await?;
    let world = &metered.partners.world;
    metered.send().await?;
    let mut last = metered.send().await?;
    world.until_count(TOLD, 1).await?;
    // Around the first one, up and down.
    for crossings in 2..=5 {
        cancel_referral(&metered.partners.desk, &last.name).await?;
        last = metered.send().await?;
        world.until_count(TOLD, crossings).await?;
    }
    metered.send().await?;
    metered.send().await?;
    world.until_count(TOLD, 6).await?;
    let told: Vec<(i32, i64, i64)> =
        sqlx::query_as("SELECT percent, crossing, version FROM meter_threshold ORDER BY version")
            .fetch_all(&world.database)
            .await?;
    assert_eq!(told, [(50, 1, 1), (50, 2, 2), (50, 3, 3), (50, 4, 4), (50, 5, 5), (100, 1, 6)]);
    metered.end().await
}

#[tokio::test]
async fn what_is_told_names_the_line_and_both_partners_and_no_person() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![100], ..terms };
    let mut metered = Metered::agree_with(vec![firm(1)], agreed, &[]).await?;
    metered.send().await?;
    let told = loop {
        if let Event::MeterThresholdCrossed(told) = metered.partners.world.tap.next().await?.1 {
            break told;
        }
    };
    assert_eq!((&told.convention, told.line_id.as_str(), told.percent), (&metered.convention, "places", 100));
    assert_eq!((told.committed, told.reserved, told.used), (1, 1, 0));
    let request = GetConventionRequest { name: metered.convention.clone() };
    let agreed = metered.partners.lab.conventions().get_convention(request).await?.into_inner().convention;
    assert_eq!(Some(told.convention_display_name), agreed.map(|agreed| agreed.display_name));
    let parties: Vec<_> = told.parties.iter().map(|party| &party.organisation).collect();
    assert_eq!(parties, [&metered.partners.mdm, &metered.partners.provider]);
    metered.end().await
}

#[tokio::test]
async fn of_many_at_once_one_crosses() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![10, 50, 90, 100], ..terms };
    let metered = Metered::agree_with(vec![firm(40)], agreed, &[]).await?;
    let sent = join_all((0..40).map(|_| metered.send())).await;
    assert!(sent.iter().all(Result::is_ok));
    let world = &metered.partners.world;
    world.until_count(TOLD, 4).await?;
    assert_eq!(world.count("SELECT count(DISTINCT percent) FROM meter_threshold").await?, 4);
    assert_eq!(world.count("SELECT max(crossing) FROM meter_threshold").await?, 1);
    metered.end().await
}

#[tokio::test]
async fn a_counted_line_has_no_thresholds() -> Result<()> {
    let seen = Line { kind: line::Kind::Counted.into(), counted_from: line::CountedFrom::Attendance.into(), ..firm(0) };
    let agreed = |terms| Terms { thresholds: vec![1, 100], ..terms };
    let metered = Metered::agree_with(vec![seen], agreed, &[]).await?;
    let sent = metered.send().await?;
    crate::lifecycle::accept_referral(&metered.partners.lab, &sent.name).await?;
    crate::lifecycle::Appointment::of(&sent).tell(&metered.partners, "fulfilled").await?;
    eventually("it is counted", || async { Ok((metered.stands().await?.1 == 1).then_some(())) }).await?;
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM meter_threshold").await?, 0);
    metered.end().await
}

/// What was at all of ten is at five sixths of twelve: on the way to twelve both hear again.
#[tokio::test]
async fn an_amendment_that_commits_more_arms_what_the_meter_falls_below() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![70, 90, 100], ..terms };
    let metered = Metered::agree_with(vec![firm(10)], agreed, &[]).await?;
    let world = &metered.partners.world;
    for _ in 0..10 {
        metered.send().await?;
    }
    world.until_count(TOLD, 3).await?;
    metered.amend(metered.partners.today, |terms| terms.lines = vec![firm(12)]).await?;
    metered.send().await?;
    world.until_count(TOLD, 4).await?;
    metered.send().await?;
    world.until_count(TOLD, 5).await?;
    let told: Vec<(i32, i64)> = sqlx::query_as("SELECT percent, crossing FROM meter_threshold ORDER BY version")
        .fetch_all(&world.database)
        .await?;
    assert_eq!(told, [(70, 1), (90, 1), (100, 1), (90, 2), (100, 2)]);
    metered.end().await
}

/// Nothing may move the meter afterwards: so it is told as the terms are signed.
#[tokio::test]
async fn an_amendment_that_brings_a_meter_to_a_threshold_tells_it_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let forges = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let line = Line { scope: line::Scope::Site.into(), ..firm(4) };
    let agreed = |terms| Terms { thresholds: vec![70, 100], sites: vec![forges.clone()], ..terms };
    let mut metered = Metered::under(partners, vec![line], agreed).await?;
    let at = |metered: &Metered| Referral { site: forges.clone(), ..metered.ask() };
    for _ in 0..2 {
        metered.submit(at(&metered)).await?;
    }
    let commit = |committed| move |terms: &mut Terms| terms.lines[0].committed = committed;
    metered.amend(metered.partners.today, commit(2)).await?;
    for percent in [70, 100] {
        let told = loop {
            if let Event::MeterThresholdCrossed(told) = metered.partners.world.tap.next().await?.1 {
                break told;
            }
        };
        assert_eq!((&told.convention, &told.site, told.percent), (&metered.convention, &forges, percent));
        assert_eq!((told.committed, told.reserved, told.used), (2, 2, 0));
        let parties: Vec<_> = told.parties.iter().map(|party| &party.organisation).collect();
        assert_eq!(parties, [&metered.partners.mdm, &metered.partners.provider]);
    }
    // More of the same terms tell nothing; what grows arms them again.
    let today = metered.partners.today;
    metered.amend(today, |terms| terms.end_date = day(today + chrono::Days::new(700))).await?;
    metered.amend(today, commit(3)).await?;
    metered.submit(at(&metered)).await?;
    metered.partners.world.until_count(TOLD, 4).await?;
    metered.end().await
}
