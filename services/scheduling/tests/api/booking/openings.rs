//! Slots of rules: by the site's own clocks, on no holiday, and more of them as time goes on.

use anyhow::Result;
use chrono::{Datelike, Days, TimeDelta, TimeZone, Weekday};
use relais_tests::{eventually, request_id};

use super::*;

/// The last Sunday of a month: when clocks are changed.
fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let mut found = NaiveDate::from_ymd_opt(year, month, 31).unwrap_or_default();
    while found.weekday() != Weekday::Sun {
        found = found - Days::new(1);
    }
    found
}

/// When the slots of a day begin, in UTC.
async fn starts(centre: &Centre, referred: &Referred, on: NaiveDate) -> Result<Vec<String>> {
    let request = SearchSlotsRequest {
        referral: referred.told.id.to_string(),
        start_date: Some(date(on)),
        end_date: Some(date(on)),
        ..SearchSlotsRequest::default()
    };
    let slots = centre.sender()?.scheduling().search_slots(request).await?.into_inner().slots;
    let time = |slot: &Slot| DateTime::from_timestamp(begins(slot), 0).unwrap_or_default().format("%H:%M").to_string();
    Ok(slots.iter().map(time).collect())
}

async fn slots_come(centre: &Centre, referred: &Referred, on: NaiveDate) -> Result<Vec<String>> {
    eventually("slots of that day", || async {
        let found = starts(centre, referred, on).await?;
        Ok((!found.is_empty()).then_some(found))
    })
    .await
}

fn morning(day: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&(day.and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(7)))
}

/// Across the last Sundays of March and of October, and the first of May.
#[tokio::test]
async fn clocks_that_change_and_holidays_are_kept() -> Result<()> {
    let centre = Centre::open().await?;
    let night = OpeningRule { from_time: "01:00".into(), until_time: "04:00".into(), ..centre.rule() };
    centre.enter(night).await?;
    let referred = centre.submitted("R").await?;
    let year = centre.now().year() + 1;
    let (spring, autumn) = (last_sunday(year, 3), last_sunday(year, 10));
    centre.advance(morning(spring - Days::new(10))).await?;
    // 02:00 to 03:00 is not there.
    assert_eq!(slots_come(&centre, &referred, spring).await?, ["00:00", "00:30", "01:00", "01:30"]);
    let may = |day| NaiveDate::from_ymd_opt(year, 5, day).unwrap_or_default();
    assert_eq!(slots_come(&centre, &referred, may(2)).await?.len(), 6);
    assert_eq!(starts(&centre, &referred, may(1)).await?, Vec::<String>::new(), "a holiday has slots");
    centre.advance(morning(autumn - Days::new(10))).await?;
    // 02:00 to 03:00 comes twice, and counts the first time.
    let twice = slots_come(&centre, &referred, autumn).await?;
    assert_eq!(twice, ["23:00", "23:30", "00:00", "00:30", "02:00", "02:30"]);
    centre.end().await
}

#[tokio::test]
async fn slots_are_there_at_once_and_more_as_time_goes_on() -> Result<()> {
    let centre = Centre::open().await?;
    let rule = centre.enter(OpeningRule { advance_days: 40, ..centre.rule() }).await?;
    assert_eq!((rule.advance_days, rule.valid_until_date), (40, None));
    let referred = centre.submitted("R").await?;
    assert!(!centre.slots(&referred).await?.is_empty(), "the first slots are not there at once");
    let latest = "SELECT max(local_date) - min(local_date) FROM slot";
    let span = || async {
        let days: Option<i32> = sqlx::query_scalar(latest).fetch_one(&centre.world.database).await?;
        anyhow::Ok(days)
    };
    eventually("forty days", || async { Ok(span().await?.filter(|days| *days >= 38)) }).await?;
    assert!(span().await? <= Some(40), "beyond the horizon");
    centre.advance(centre.now() + TimeDelta::days(300)).await?;
    eventually("three hundred days more", || async { Ok(span().await?.filter(|days| *days >= 300)) }).await?;
    // Once made, they are not made again: a second rule would overlap nobody, the same one does.
    let doubled = "SELECT count(*) FROM (SELECT rule_id, start_time FROM slot GROUP BY 1, 2 HAVING count(*) > 1) AS d";
    assert_eq!(centre.world.count(doubled).await?, 0);
    centre.end().await
}

#[tokio::test]
async fn a_rule_that_is_entered_twice_by_one_request_is_one() -> Result<()> {
    let centre = Centre::open().await?;
    let request = CreateOpeningRuleRequest { opening_rule: Some(centre.rule()), request_id: request_id() };
    let desk = centre.desk()?;
    let first = desk.openings().create_opening_rule(request.clone()).await?.into_inner();
    assert_eq!(desk.openings().create_opening_rule(request).await?.into_inner(), first);
    assert_eq!(centre.world.count("SELECT count(*) FROM opening_rule").await?, 1);
    centre.end().await
}

/// A site of which no event has told is absent until one does.
#[tokio::test]
async fn a_site_that_nobody_told_of_is_absent() -> Result<()> {
    let centre = Centre::open().await?;
    let site = Child::new(centre.told.provider, SiteId::draw()).to_string();
    let unknown = centre.enter(OpeningRule { site, ..centre.rule() }).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    centre.end().await
}
