//! What meters tell: now, on a past day, and whether the ledger bears it out.

use anyhow::Result;
use chrono::{Days, TimeDelta};
use relais_proto::{
    convention::v1::{Party, party},
    referral::v1::referral::State,
};
use relais_tests::{Identity, date, violations};
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::lifecycle::{Appointment, accept_referral, advance, cancel_referral, until};

#[tokio::test]
async fn a_past_day_is_told_as_the_ledger_stood_at_its_end() -> Result<()> {
    let mut metered = Metered::agree(vec![firm(10)]).await?;
    let today = metered.partners.world.running.context.clock.now().date_naive();
    let (first, second) = (metered.send().await?, metered.send().await?);
    advance(&mut metered.partners, TimeDelta::days(40)).await?;
    cancel_referral(&metered.partners.desk, &first.name).await.ok();
    let later = today + Days::new(40);
    let then = metered.meters(day(today)).await?.pop().context("no meter")?;
    assert_eq!((then.committed, then.reserved, then.used, then.released, then.left), (10, 2, 0, 0, 8));
    let before = metered.meters(day(today - Days::new(1))).await?.pop().context("no meter")?;
    assert_eq!((before.committed, before.reserved, before.left), (10, 0, 10), "nothing was taken yet");
    // Forty days of silence: the other one expired, too.
    until(&metered.partners, &second.name, State::Expired).await.ok();
    let now = metered.meter().await?;
    assert_eq!((now.reserved, now.released, now.left), (0, 2, 10));
    assert_eq!(now.burn_down.last().map(|point| (point.day, point.taken, point.left)), Some((day(later), 0, 10)));
    let by_then = now.burn_down.iter().find(|point| point.taken == 2);
    assert!(by_then.is_some(), "{now:?}");
    metered.end().await
}

#[tokio::test]
async fn a_meter_tells_how_the_period_goes_and_when_nothing_would_be_left() -> Result<()> {
    let metered = Metered::agree(vec![firm(2)]).await?;
    let sent = metered.send().await?;
    accept_referral(&metered.partners.lab, &sent.name).await?;
    Appointment::of(&sent).tell(&metered.partners, "fulfilled").await?;
    until(&metered.partners, &sent.name, State::Attended).await?;
    let meter = metered.meter().await?;
    let today = metered.partners.today;
    assert_eq!((meter.period_start, meter.period_end), (day(today - Days::new(200)), day(today + Days::new(900))));
    assert_eq!((meter.elapsed_percent, meter.used_percent), (201 * 100 / 1101, 50));
    // One in 201 days: the other one goes in 201 more.
    assert_eq!(meter.exhaustion_date, day(today + Days::new(201)));
    assert!((6..=8).contains(&meter.burn_down.len()), "{meter:?}");
    let request = GetUsageRequest {
        name: metered.convention.clone(),
        line_id: "places".into(),
        first_month: day(today - Days::new(31)),
        last_month: day(today + Days::new(31)),
        ..GetUsageRequest::default()
    };
    let told = metered.partners.desk.conventions().get_usage(request).await?.into_inner();
    assert_eq!((told.total, told.figures.len()), (1, 1), "who was seen, by month and site");
    metered.end().await
}

#[tokio::test]
async fn figures_of_meters_are_for_parties_and_of_days_that_have_begun() -> Result<()> {
    let metered = Metered::agree(vec![firm(2)]).await?;
    let request = GetUsageRequest { name: metered.convention.clone(), ..GetUsageRequest::default() };
    let refused = metered.partners.stranger.conventions().get_usage(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let network = metered.partners.world.session(&Identity::new("head", "network"))?;
    assert_eq!(network.conventions().get_usage(request).await?.into_inner().meters.len(), 1);
    let tomorrow = Some(date(metered.partners.today + Days::new(2)));
    assert_eq!(violations(&metered.meters(tomorrow).await.unwrap_err()), ["as_of"]);
    metered.end().await
}

/// A day outside of the convention's is in no period: what is left of the first or the last one is no place for it.
#[tokio::test]
async fn no_meter_is_told_of_a_period_that_does_not_hold_the_day() -> Result<()> {
    let metered = Metered::agree(vec![firm(2), Line { line_id: "yearly".into(), per: 2, ..firm(2) }]).await?;
    let today = metered.partners.today;
    assert_eq!(metered.meters(Some(date(today - Days::new(201)))).await?, []);
    assert_eq!(metered.meters(Some(date(today - Days::new(200)))).await?.len(), 2);
    let on = |days: u64| Referral { requested_date: day(today + Days::new(days)), ..metered.ask() };
    let within = metered.check(on(900)).await?;
    assert_eq!((within.admitted, within.lines.len()), (true, 2));
    let beyond = metered.check(on(901)).await?;
    assert_eq!((beyond.failed_rules[0].code.as_str(), beyond.lines), ("convention-not-in-force", vec![]));
    metered.end().await
}

/// Whoever pays or watches, and knows none of the patients, is told counts in steps; who sends or sees them, what they are.
#[tokio::test]
async fn to_funders_and_the_network_counts_of_people_are_told_in_steps() -> Result<()> {
    let partners = Partners::meet().await?;
    let payer = partnership::organisation(&partners.operator, "Who Pays").await?;
    let paying = Party { organisation: payer.clone(), role: party::Role::Funder.into() };
    let money = Line {
        line_id: "money".into(),
        measure: line::Measure::Money.into(),
        currency: "EUR".into(),
        counted_from: line::CountedFrom::Attendance.into(),
        ..firm(1_003)
    };
    let agreed = |terms: Terms| Terms { parties: [terms.parties, vec![paying]].concat(), ..terms };
    let metered = Metered::under(partners, vec![firm(12), money], agreed).await?;
    let partners = &metered.partners;
    for turn in 0..7 {
        let sent = metered.send().await?;
        if turn < 4 {
            accept_referral(&partners.lab, &sent.name).await?;
            Appointment::of(&sent).tell(partners, "fulfilled").await?;
            until(partners, &sent.name, State::Attended).await?;
        }
    }
    let request = GetUsageRequest {
        name: metered.convention.clone(),
        line_id: "places".into(),
        first_month: day(partners.today),
        last_month: day(partners.today + Days::new(1)),
        ..GetUsageRequest::default()
    };
    let funder = partners.world.session(&Identity::new("payer", "funder").of(&payer))?;
    let head = partners.world.session(&Identity::new("head", "network"))?;
    for (by, step, expected) in [
        (&funder, 5, (0, 0, (5, 0, 7))),
        (&head, 5, (0, 0, (5, 0, 7))),
        (&partners.lab, 0, (4, 1, (3, 4, 5))),
        (&partners.desk, 0, (4, 1, (3, 4, 5))),
        (&partners.operator, 0, (4, 1, (3, 4, 5))),
    ] {
        let told = by.conventions().get_usage(request.clone()).await?.into_inner();
        let stands = told.meters.first().map(|meter| (meter.reserved, meter.used, meter.left)).context("no meter")?;
        assert_eq!((told.rounded_to, (told.total, told.figures.len(), stands)), (step, expected));
        let all = GetUsageRequest { name: metered.convention.clone(), ..GetUsageRequest::default() };
        let meters = by.conventions().get_usage(all).await?.into_inner().meters;
        let left: Vec<_> = meters.iter().map(|meter| (meter.line_id.as_str(), meter.left)).collect();
        assert_eq!(left, [("places", stands.2), ("money", 1_003)], "money is of nobody");
    }
    let recount = RecountUsageRequest { name: metered.convention.clone() };
    let exact = partners.operator.conventions().recount_usage(recount.clone()).await?.into_inner().entries;
    let told = head.conventions().recount_usage(recount).await?.into_inner().entries;
    assert!(exact % 5 != 0 && told == exact / 5 * 5, "{exact} {told}");
    metered.end().await
}

/// Any sum that is not the ledger's is told: of the meter, of its stripes, of who holds a place.
#[tokio::test]
async fn a_meter_that_the_ledger_does_not_bear_out_is_told() -> Result<()> {
    let metered = Metered::agree(vec![firm(20)]).await?;
    metered.send().await?;
    assert_eq!(metered.differences().await?, []);
    for (wrong, right, figure) in [
        ("UPDATE meter_stripe SET available = available + 1 WHERE stripe = 0", "available - 1", "left"),
        ("UPDATE meter_stripe SET used = used + 1 WHERE stripe = 0", "used - 1", "used"),
        ("UPDATE meter_place SET reserved = reserved + 1", "reserved - 1", "reserved"),
        ("UPDATE meter SET beyond = beyond + 1", "beyond - 1", "beyond"),
    ] {
        sqlx::query(wrong).execute(&metered.partners.world.database).await?;
        let told = metered.differences().await?;
        assert_eq!(told.len(), 1, "{wrong}");
        assert_eq!((told[0].figure.as_str(), told[0].reported - told[0].counted), (figure, 1), "{wrong}");
        let column = right.split(' ').next().unwrap_or_default();
        let undone = wrong.replace(&format!("{column} + 1"), right);
        sqlx::query(sqlx::AssertSqlSafe(undone)).execute(&metered.partners.world.database).await?;
    }
    metered.end().await
}

/// Whoever runs the service changes no entry and no meter but by the functions that keep them.
#[tokio::test]
async fn the_runtime_role_writes_no_meter_by_itself() -> Result<()> {
    let metered = Metered::agree(vec![firm(2)]).await?;
    let sent = metered.send().await?;
    let runtime = sqlx::PgPool::connect(metered.partners.world.settings.database.url.expose()).await?;
    for statement in [
        "UPDATE referral.meter_stripe SET available = 9",
        "DELETE FROM referral.meter_entry",
        "UPDATE referral.meter_entry SET reserved = 9",
        "INSERT INTO referral.meter_place VALUES (gen_random_uuid(), gen_random_uuid(), 0, 0, 0)",
        "DELETE FROM referral.meter_threshold",
    ] {
        let refused = sqlx::query(statement).execute(&runtime).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
    // Nor does it move the meters of a referral for somebody who is no party of it.
    let id = sent.name.strip_prefix("referrals/").context("no name")?.parse::<Uuid>()?;
    let refused = sqlx::query("SELECT referral.meter_settle('[]', $1, $1, $1, '', now())")
        .bind(id)
        .execute(&runtime)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("parties of the referral"), "{refused}");
    runtime.close().await;
    metered.end().await
}
