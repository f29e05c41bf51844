//! Staff time: reserved when it is planned, used when it was worked, given back by whoever planned it, or by itself.

use anyhow::Result;
use chrono::{Days, TimeDelta};
use futures::future::join_all;
use relais_proto::convention::v1::{
    ConfirmStaffTimeRequest, ReleaseStaffTimeRequest, ReserveStaffTimeRequest, StaffTime, staff_time::State,
};
use relais_tests::{Identity, Session, eventually, partnership, request_id, rules, violations};
use tonic::Code;

use super::*;
use crate::lifecycle::advance;

fn staff(committed: i64) -> Line {
    Line {
        line_id: "staff".into(),
        measure: line::Measure::StaffMinutes.into(),
        counted_from: line::CountedFrom::Attendance.into(),
        ..firm(committed)
    }
}

impl Metered {
    fn planned(&self, planned_minutes: i64) -> StaffTime {
        StaffTime {
            convention: self.convention.clone(),
            line_id: "staff".into(),
            planned_minutes,
            work_date: day(self.partners.today),
            reference: "tour 7".into(),
            ..StaffTime::default()
        }
    }
}

async fn reserve(by: &Session, planned: StaffTime) -> Result<StaffTime, Status> {
    let request = ReserveStaffTimeRequest { staff_time: Some(planned), request_id: request_id() };
    Ok(by.staff_times().reserve_staff_time(request).await?.into_inner().staff_time.unwrap_or_default())
}

async fn confirm(by: &Session, name: &str, worked_minutes: i64) -> Result<StaffTime, Status> {
    let request = ConfirmStaffTimeRequest { name: name.into(), worked_minutes, request_id: request_id() };
    Ok(by.staff_times().confirm_staff_time(request).await?.into_inner().staff_time.unwrap_or_default())
}

async fn release(by: &Session, name: &str) -> Result<StaffTime, Status> {
    let request = ReleaseStaffTimeRequest { name: name.into(), request_id: request_id() };
    Ok(by.staff_times().release_staff_time(request).await?.into_inner().staff_time.unwrap_or_default())
}

#[tokio::test]
async fn staff_time_is_reserved_used_and_given_back() -> Result<()> {
    let metered = Metered::agree(vec![staff(480)]).await?;
    let by = &metered.partners.coordinator;
    let request = ReserveStaffTimeRequest { staff_time: Some(metered.planned(180)), request_id: request_id() };
    let first = by.staff_times().reserve_staff_time(request.clone()).await?.into_inner().staff_time;
    assert_eq!(by.staff_times().reserve_staff_time(request).await?.into_inner().staff_time, first, "the same again");
    let first = first.unwrap_or_default();
    assert_eq!((first.state(), first.hold_days, first.worked_minutes), (State::Reserved, 14, 0));
    let second = reserve(by, metered.planned(300)).await?;
    assert_eq!(metered.stands().await?, (480, 0, 0, 0));
    let refused = reserve(by, metered.planned(1)).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["volume-exhausted".into()]));
    let one = ReserveStaffTimeRequest { staff_time: Some(metered.planned(1)), request_id: request_id() };
    let refused = by.staff_times().reserve_staff_time(in_language(one, "fr")).await.unwrap_err();
    assert_eq!(told(&refused), "il reste moins de 1 min sur la ligne «\u{a0}staff\u{a0}»");
    // It took longer than planned: a fact, beyond what is left.
    let confirm_once =
        ConfirmStaffTimeRequest { name: first.name.clone(), worked_minutes: 200, request_id: request_id() };
    let confirmed = by.staff_times().confirm_staff_time(confirm_once.clone()).await?.into_inner().staff_time;
    assert_eq!(confirmed.as_ref().map(|it| (it.state(), it.worked_minutes)), Some((State::Confirmed, 200)));
    assert_eq!(metered.stands().await?, (300, 200, 0, 20));
    assert_eq!(release(by, &second.name).await?.state(), State::Released);
    assert_eq!(metered.stands().await?, (0, 200, 280, 0));
    // What was confirmed by mistake is countered; the first answer stays what it was.
    assert_eq!(release(by, &first.name).await?.worked_minutes, 0);
    assert_eq!(metered.stands().await?, (0, 0, 480, 0));
    assert_eq!(by.staff_times().confirm_staff_time(confirm_once).await?.into_inner().staff_time, confirmed);
    for refused in [confirm(by, &first.name, 0).await, release(by, &second.name).await] {
        assert_eq!(rules(&refused.unwrap_err()), ["staff-time-state"]);
    }
    metered.end().await
}

#[tokio::test]
async fn what_nobody_confirms_lapses_and_what_was_worked_counts_all_the_same() -> Result<()> {
    let mut metered = Metered::agree(vec![staff(100)]).await?;
    let by = metered.partners.operator.clone();
    let planned = StaffTime { hold_days: 3, ..metered.planned(60) };
    let (lapses, kept) = (reserve(&by, planned.clone()).await?, reserve(&by, metered.planned(40)).await?);
    confirm(&by, &kept.name, 0).await?;
    advance(&mut metered.partners, TimeDelta::days(6)).await?;
    eventually("it lapses", || async { Ok((metered.stands().await? == (0, 40, 60, 0)).then_some(())) }).await?;
    let by = metered.partners.operator.clone();
    assert_eq!(rules(&release(&by, &lapses.name).await.unwrap_err()), ["staff-time-state"]);
    assert_eq!(confirm(&by, &lapses.name, 0).await?.worked_minutes, 60, "nobody said so in time");
    assert_eq!(metered.stands().await?, (0, 100, 0, 0));
    metered.end().await
}

#[tokio::test]
async fn of_many_at_once_no_more_is_reserved_than_is_left() -> Result<()> {
    let metered = Metered::agree(vec![staff(600)]).await?;
    let by = &metered.partners.coordinator;
    let reserved = join_all((0..20).map(|_| reserve(by, metered.planned(60)))).await;
    assert_eq!(reserved.iter().filter(|it| it.is_ok()).count(), 10);
    assert_eq!(metered.stands().await?, (600, 0, 0, 0));
    // Two who take a step at once: one does.
    let name = reserved.into_iter().flatten().next().unwrap_or_default().name;
    let (one, other) = tokio::join!(release(by, &name), release(by, &name));
    assert_eq!([&one, &other].iter().filter(|it| it.is_ok()).count(), 1, "{one:?} {other:?}");
    assert_eq!(metered.stands().await?, (540, 0, 60, 0));
    metered.end().await
}

/// Terms that name no site are for all of the providers': a line that counts each counts there.
#[tokio::test]
async fn where_the_terms_name_no_site_staff_works_at_any_of_the_providers() -> Result<()> {
    let metered = Metered::agree(vec![Line { scope: line::Scope::Site.into(), ..staff(100) }]).await?;
    let (by, operator) = (&metered.partners.coordinator, &metered.partners.operator);
    let own = partnership::site(operator, &metered.partners.provider, "Forges du Sud").await?;
    let foreign = partnership::site(operator, &metered.partners.mdm, "Elsewhere").await?;
    let planned = reserve(by, StaffTime { site: own.clone(), ..metered.planned(60) }).await?;
    assert_eq!(planned.site, own);
    let meter = metered.meter().await?;
    assert_eq!((meter.site, meter.reserved, meter.left), (own, 60, 40));
    let absent = format!("{}/sites/{}", metered.partners.provider, uuid::Uuid::now_v7());
    for site in [foreign, absent, String::new()] {
        let refused = reserve(by, StaffTime { site: site.clone(), ..metered.planned(1) }).await.unwrap_err();
        assert_eq!(violations(&refused), ["staff_time.site"], "{site}");
    }
    metered.end().await
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused_by_field() -> Result<()> {
    let at_sites = Line { line_id: "by-site".into(), scope: line::Scope::Site.into(), ..staff(100) };
    let metered = Metered::agree(vec![staff(480), at_sites, firm(5)]).await?;
    let (by, today) = (&metered.partners.coordinator, metered.partners.today);
    let foreign = format!("{}/sites/{}", metered.partners.provider, uuid::Uuid::now_v7());
    for (planned, field) in [
        (metered.planned(0), "planned_minutes"),
        (metered.planned(-1), "planned_minutes"),
        (metered.planned(1_000_001), "planned_minutes"),
        (StaffTime { hold_days: -1, ..metered.planned(1) }, "hold_days"),
        (StaffTime { hold_days: 367, ..metered.planned(1) }, "hold_days"),
        (StaffTime { line_id: "places".into(), ..metered.planned(1) }, "line_id"),
        (StaffTime { line_id: "by-site".into(), ..metered.planned(1) }, "site"),
        (StaffTime { site: foreign, ..metered.planned(1) }, "site"),
        (StaffTime { work_date: None, ..metered.planned(1) }, "work_date"),
    ] {
        let refused = reserve(by, planned).await.unwrap_err();
        assert_eq!(violations(&refused), [format!("staff_time.{field}")]);
    }
    let after = StaffTime { work_date: day(today + Days::new(4000)), ..metered.planned(1) };
    assert_eq!(rules(&reserve(by, after).await.unwrap_err()), ["convention-not-in-force"]);
    let to_come = StaffTime { work_date: day(today + Days::new(3)), ..metered.planned(1) };
    let to_come = reserve(by, to_come).await?.name;
    assert_eq!(rules(&confirm(by, &to_come, 0).await.unwrap_err()), ["staff-time-to-come"]);
    let worked = reserve(by, metered.planned(1)).await?.name;
    assert_eq!(violations(&confirm(by, &worked, -5).await.unwrap_err()), ["worked_minutes"]);
    let other = partnership::organisation(&metered.partners.operator, "Elsewhere").await?;
    let outsider = metered.partners.world.session(&Identity::new("outsider", "coordinator").of(&other))?;
    let absent = format!("staffTimes/{}", uuid::Uuid::now_v7());
    for name in [&worked, &absent] {
        let refused = release(&outsider, name).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, format!("{name} was not found").as_str()));
    }
    metered.end().await
}
