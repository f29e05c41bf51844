//! What was given is counted, once, and reported by month and site.

use anyhow::Result;
use relais_platform::ids::{AppointmentId, ReferralId};
use relais_proto::{
    convention::v1::{GetUsageRequest, GetUsageResponse, RecountUsageRequest, RecountUsageResponse, UsageFigure},
    events::v1::{AppointmentMoved, ReportIssued},
    google::r#type::Date,
};
use relais_tests::{Identity, Session, partnership, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{partners::Partners, registrations::day};

const ENTRIES: &str = "SELECT count(*) FROM usage_entry";

async fn usage(
    by: &Session,
    convention: &str,
    months: (Option<Date>, Option<Date>),
) -> Result<GetUsageResponse, Status> {
    let (name, line_id, (first_month, last_month)) = (convention.into(), "analyses".into(), months);
    let request = GetUsageRequest { name, line_id, first_month, last_month, ..Default::default() };
    Ok(by.conventions().get_usage(request).await?.into_inner())
}

async fn recount(by: &Session, convention: &str) -> Result<RecountUsageResponse, Status> {
    let request = RecountUsageRequest { name: convention.into() };
    Ok(by.conventions().recount_usage(request).await?.into_inner())
}

/// A version of a report of some acts.
fn issued(report: Uuid, version: i64, referral: &str, (site, on, acts): (&str, Option<Date>, i32)) -> ReportIssued {
    ReportIssued {
        report: format!("reports/{report}"),
        report_version: version,
        status: "final".into(),
        referral: referral.into(),
        number: "7K3M-9QXA-4T7".into(),
        site: site.into(),
        performed_date: on,
        acts,
        ..ReportIssued::default()
    }
}

fn figure(month: Option<Date>, site: &str, quantity: i64) -> UsageFigure {
    UsageFigure { month, site: site.into(), quantity }
}

#[tokio::test]
async fn acts_count_once_by_month_and_site_and_what_is_withdrawn_is_countered() -> Result<()> {
    let partners = Partners::meet().await?;
    let tap = &partners.world.tap;
    let sent = partners.submit().await?;
    let forges = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let chem = partnership::site(&partners.operator, &partners.provider, "CHEM").await?;
    let [first, second, third] = [(); 3].map(|()| Uuid::now_v7());
    let partial = issued(first, 1, &sent.name, (&forges, day(2026, 3, 31), 2));
    tap.publish(first, 1, partial.clone()).await?;
    // The same version under another message's id, which no inbox knows: the ledger does.
    tap.publish(first, 2, partial).await?;
    tap.publish(first, 3, issued(first, 2, &sent.name, (&forges, day(2026, 4, 1), 1))).await?;
    // A correction reports nothing new.
    tap.publish(first, 4, issued(first, 3, &sent.name, (&forges, day(2026, 4, 1), 0))).await?;
    tap.publish(second, 1, issued(second, 1, &sent.name, (&chem, day(2026, 4, 30), 4))).await?;
    tap.publish(third, 1, issued(third, 1, &sent.name, ("", day(2026, 4, 30), 8))).await?;
    partners.world.until_count(ENTRIES, 4).await?;

    let spring = (day(2026, 3, 15), day(2026, 4, 2));
    let report = usage(&partners.lab, &partners.convention, spring).await?;
    let mut expected = vec![figure(day(2026, 4, 1), "", 8), figure(day(2026, 3, 1), &forges, 2)];
    expected.extend([figure(day(2026, 4, 1), &forges, 1), figure(day(2026, 4, 1), &chem, 4)]);
    let key = |figure: &UsageFigure| (figure.month.map(|day| day.month), figure.site.clone());
    let sorted = |mut figures: Vec<UsageFigure>| {
        figures.sort_by_key(key);
        figures
    };
    assert_eq!((report.total, sorted(report.figures)), (15, sorted(expected)));
    assert_eq!(usage(&partners.lab, &partners.convention, (day(2026, 3, 1), day(2026, 3, 1))).await?.total, 2);

    // In error: an entry against each, and none is changed.
    let withdrawn = ReportIssued { status: "entered-in-error".into(), ..issued(first, 4, &sent.name, ("", None, 0)) };
    tap.publish(first, 5, withdrawn.clone()).await?;
    tap.publish(first, 6, withdrawn).await?;
    partners.world.until_count(ENTRIES, 6).await?;
    partners.world.until_count("SELECT version FROM consumed_version WHERE version = 6", 6).await?;
    assert_eq!(usage(&partners.desk, &partners.convention, spring).await?.total, 12);
    assert_eq!(partners.world.count(ENTRIES).await?, 6);
    let recounted = recount(&partners.coordinator, &partners.convention).await?;
    assert_eq!((recounted.entries, recounted.total, recounted.differences.len()), (6, 12, 0));
    partners.world.end().await
}

/// A visit that was missed is no act: what a report tells is one, by whatever visit it came about.
#[tokio::test]
async fn a_visit_that_was_missed_counts_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let tap = &partners.world.tap;
    let sent = partners.submit().await?;
    let (first, second, report) = (AppointmentId::draw(), AppointmentId::draw(), Uuid::now_v7());
    let told = |appointment: AppointmentId, state: &str, previous: &str| AppointmentMoved {
        appointment: appointment.to_string(),
        referral: sent.name.clone(),
        state: state.into(),
        previous: previous.into(),
        time_zone: "Europe/Luxembourg".into(),
        ..AppointmentMoved::default()
    };
    tap.publish(first.0, 1, told(first, "booked", "proposed")).await?;
    tap.publish(first.0, 2, told(first, "noshow", "booked")).await?;
    tap.publish(second.0, 1, told(second, "booked", "proposed")).await?;
    tap.publish(second.0, 2, told(second, "arrived", "booked")).await?;
    tap.publish(second.0, 3, told(second, "fulfilled", "arrived")).await?;
    tap.publish(report, 1, issued(report, 1, &sent.name, ("", day(2026, 4, 30), 2))).await?;
    partners.world.until_count(ENTRIES, 1).await?;
    let heard = "SELECT count(*) FROM consumed_version WHERE version >= 2";
    partners.world.until_count(heard, 2).await?;
    let months = (day(2026, 4, 1), day(2026, 4, 30));
    assert_eq!(usage(&partners.lab, &partners.convention, months).await?.total, 2);
    assert_eq!(partners.world.count(ENTRIES).await?, 1);
    partners.world.end().await
}

/// A place that is none, or another's, is no place; what was given there counts, and what comes after it is heard.
#[tokio::test]
async fn what_was_done_at_a_site_that_nobody_knows_is_counted_at_none() -> Result<()> {
    let partners = Partners::meet().await?;
    let tap = &partners.world.tap;
    let sent = partners.submit().await?;
    let (report, on) = (Uuid::now_v7(), day(2026, 4, 30));
    let mistyped = format!("{}/sites/{}", partners.provider, Uuid::now_v7());
    let foreign = partnership::site(&partners.operator, &partners.mdm, "Somewhere else").await?;
    tap.publish(report, 1, issued(report, 1, &sent.name, (&mistyped, on, 1))).await?;
    tap.publish(report, 2, issued(report, 2, &sent.name, (&foreign, on, 2))).await?;
    let own = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    tap.publish(report, 3, issued(report, 3, &sent.name, (&own, on, 4))).await?;
    partners.world.until_count(ENTRIES, 3).await?;
    let told = usage(&partners.lab, &partners.convention, (on, on)).await?;
    let month = day(2026, 4, 1);
    assert_eq!(told.figures.len(), 2);
    for expected in [figure(month, "", 3), figure(month, &own, 4)] {
        assert!(told.figures.contains(&expected), "{told:?}");
    }
    assert_eq!(recount(&partners.coordinator, &partners.convention).await?.differences, []);
    partners.world.end().await
}

#[tokio::test]
async fn a_sum_that_the_ledger_does_not_bear_out_is_told() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let report = Uuid::now_v7();
    partners.world.tap.publish(report, 1, issued(report, 1, &sent.name, ("", day(2026, 3, 31), 2))).await?;
    partners.world.until_count(ENTRIES, 1).await?;
    assert_eq!(recount(&partners.operator, &partners.convention).await?.differences, []);
    sqlx::query("UPDATE usage_sum SET quantity = 3").execute(&partners.world.database).await?;
    let told = recount(&partners.operator, &partners.convention).await?.differences;
    assert_eq!((told.len(), told[0].reported, told[0].counted), (1, 3, 2));

    // Nobody but the owner changes an entry.
    let runtime = sqlx::PgPool::connect(partners.world.settings.database.url.expose()).await?;
    for statement in ["UPDATE referral.usage_entry SET quantity = 3", "DELETE FROM referral.usage_entry"] {
        let refused = sqlx::query(statement).execute(&runtime).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
    runtime.close().await;
    partners.world.end().await
}

#[tokio::test]
async fn what_cannot_be_counted_is_held_back_and_parked() -> Result<()> {
    let partners = Partners::meet_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "3")]).await?;
    let sent = partners.submit().await?;
    let nobody = ReferralId(Uuid::now_v7()).to_string();
    let ok = ("", day(2026, 3, 31), 1);
    let mut odd = vec![issued(Uuid::now_v7(), 1, &nobody, ok)];
    for (date, acts, version) in
        [(None, 1, 1), (day(1899, 12, 31), 1, 1), (day(2201, 1, 1), 1, 1), (ok.1, -1, 1), (ok.1, 1, 0)]
    {
        odd.push(issued(Uuid::now_v7(), version, &sent.name, ("", date, acts)));
    }
    odd.push(ReportIssued { report: "reports/1".into(), ..issued(Uuid::now_v7(), 1, &sent.name, ok) });
    for told in &odd {
        partners.world.tap.publish(Uuid::now_v7(), 1, told.clone()).await?;
    }
    partners.world.until_count("SELECT count(*) FROM parked WHERE state = 'parked'", 7).await?;
    assert_eq!(partners.world.count(ENTRIES).await?, 0);
    partners.world.end().await
}

#[tokio::test]
async fn figures_are_for_parties_the_network_and_operators() -> Result<()> {
    let partners = Partners::meet().await?;
    let months = (day(2026, 1, 1), day(2026, 12, 31));
    let network = partners.world.session(&Identity::new("head", "network"))?;
    for party in [&partners.desk, &partners.lab, &partners.coordinator, &partners.operator, &network] {
        assert_eq!(usage(party, &partners.convention, months).await?.total, 0);
    }
    let absent = format!("conventions/{}", Uuid::now_v7());
    for convention in [&partners.convention, &absent] {
        let refused = usage(&partners.stranger, convention, months).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::NotFound, format!("{convention} was not found").as_str())
        );
    }
    assert_eq!(recount(&partners.desk, &partners.convention).await.unwrap_err().code(), Code::PermissionDenied);

    for (months, field) in [
        ((day(2026, 2, 1), day(2026, 1, 31)), "last_month"),
        ((day(2026, 1, 1), day(2031, 1, 1)), "last_month"),
        ((day(1899, 12, 31), day(1900, 1, 1)), "first_month"),
        ((None, day(1900, 1, 1)), "first_month"),
        ((day(2200, 1, 1), day(2201, 1, 1)), "last_month"),
    ] {
        let refused = usage(&partners.lab, &partners.convention, months).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.to_string()]));
    }
    let request = GetUsageRequest {
        name: partners.convention.clone(),
        line_id: "lines".into(),
        first_month: months.0,
        last_month: months.1,
        ..Default::default()
    };
    let refused = partners.lab.conventions().get_usage(request).await.unwrap_err();
    assert_eq!(violations(&refused), ["line_id"]);
    partners.world.end().await
}
