//! Bad input: what is wrong is told by field or by rule, all at once, and changes nothing.

use anyhow::Result;
use chrono::TimeDelta;
use relais_proto::{
    events::v1::SiteRegistered,
    google::r#type::Date,
    scheduling::v1::{
        Closure, CreateClosureRequest, EndOpeningRuleRequest, LiftClosureRequest, RegisterWalkInRequest,
        UndoLastStepRequest,
    },
};
use relais_tests::{request_id, violations};
use tonic::Code;
use uuid::Uuid;

use super::*;

fn on(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

#[tokio::test]
async fn a_rule_that_is_none_is_told_by_field() -> Result<()> {
    let centre = Centre::open().await?;
    let rule = || centre.rule();
    let coding = |code: &str| Coding { system: LOINC.into(), code: code.into(), ..Coding::default() };
    let cases: Vec<(OpeningRule, &[&str])> = vec![
        (OpeningRule { from_time: "08:00".into(), until_time: "08:00".into(), ..rule() }, &["until_time"]),
        (OpeningRule { from_time: "12:00".into(), until_time: "08:00".into(), ..rule() }, &["until_time"]),
        (OpeningRule { from_time: "24:00".into(), ..rule() }, &["from_time"]),
        (OpeningRule { until_time: "24:01".into(), ..rule() }, &["until_time"]),
        (OpeningRule { from_time: "8:00".into(), ..rule() }, &["from_time"]),
        (OpeningRule { from_time: "07:60".into(), ..rule() }, &["from_time"]),
        (OpeningRule { from_time: "+7:00".into(), ..rule() }, &["from_time"]),
        (OpeningRule { from_time: "0\u{665}:00".into(), ..rule() }, &["from_time"]),
        (OpeningRule { until_time: "06:10".into(), ..rule() }, &["slot_minutes"]),
        (OpeningRule { slot_minutes: 0, ..rule() }, &["slot_minutes"]),
        (OpeningRule { slot_minutes: i32::MAX, ..rule() }, &["slot_minutes"]),
        (OpeningRule { seats: 0, ..rule() }, &["seats"]),
        (OpeningRule { seats: -1, ..rule() }, &["seats", "seats"]),
        (OpeningRule { seats: 101, ..rule() }, &["seats", "seats"]),
        (OpeningRule { seats: 100, ..rule() }, &["seats"]),
        (OpeningRule { walk_in_seats: i32::MIN, ..rule() }, &["walk_in_seats"]),
        (OpeningRule { weekdays: vec![], ..rule() }, &["weekdays"]),
        (OpeningRule { weekdays: vec![8], ..rule() }, &["weekdays"]),
        (OpeningRule { services: vec![], ..rule() }, &["services"]),
        (OpeningRule { services: vec![coding("\0")], ..rule() }, &["services.code"]),
        (OpeningRule { interpreter_languages: vec!["French".into()], ..rule() }, &["interpreter_languages"]),
        (OpeningRule { advance_days: 3_650, ..rule() }, &["advance_days"]),
        (OpeningRule { valid_from_date: on(1899, 12, 31), ..rule() }, &["valid_from_date"]),
        (OpeningRule { valid_from_date: on(2201, 1, 1), ..rule() }, &["valid_from_date"]),
        (OpeningRule { valid_from_date: on(2027, 2, 29), ..rule() }, &["valid_from_date"]),
        (OpeningRule { valid_from_date: None, ..rule() }, &["valid_from_date"]),
        (OpeningRule { valid_until_date: on(2017, 3, 31), ..rule() }, &["valid_until_date"]),
        (OpeningRule { site: "sites/1".into(), ..rule() }, &["site"]),
    ];
    for (wrong, fields) in cases {
        let status = centre.enter(wrong.clone()).await.expect_err(&format!("{wrong:?}"));
        let expected: Vec<_> = fields.iter().map(|field| format!("opening_rule.{field}")).collect();
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, expected), "{wrong:?}");
    }
    let many = OpeningRule { slot_minutes: -5, seats: -1, weekdays: vec![], ..rule() };
    assert!(violations(&centre.enter(many).await.unwrap_err()).len() >= 3, "not all at once");
    assert_eq!(centre.world.count("SELECT count(*) FROM opening_rule").await?, 0);
    // 29 February of a leap year is a day; one that is far away makes no slots yet.
    centre.enter(OpeningRule { valid_from_date: on(2196, 2, 29), ..rule() }).await?;
    assert_eq!(centre.world.count("SELECT count(*) FROM slot").await?, 0);
    centre.end().await
}

#[tokio::test]
async fn a_span_that_is_none_is_told_by_field() -> Result<()> {
    let centre = Centre::open().await?;
    let referred = centre.submitted("R").await?;
    let sender = centre.sender()?;
    let search = SearchSlotsRequest { referral: referred.told.id.to_string(), ..SearchSlotsRequest::default() };
    let foreign = Child::new(centre.told.referrer, SiteId::draw()).to_string();
    let cases = [
        (SearchSlotsRequest { start_date: on(1899, 12, 31), ..search.clone() }, "start_date"),
        (SearchSlotsRequest { end_date: on(2201, 1, 1), ..search.clone() }, "end_date"),
        (SearchSlotsRequest { start_date: on(2030, 2, 30), ..search.clone() }, "start_date"),
        (SearchSlotsRequest { start_date: on(2030, 1, 2), end_date: on(2030, 1, 1), ..search.clone() }, "end_date"),
        (SearchSlotsRequest { start_date: on(2030, 1, 1), end_date: on(2040, 1, 1), ..search.clone() }, "end_date"),
        (SearchSlotsRequest { end_date: on(2017, 1, 1), ..search.clone() }, "end_date"),
        (SearchSlotsRequest { referral: "patients/1".into(), ..search.clone() }, "referral"),
        (SearchSlotsRequest { site: foreign, ..search.clone() }, "site"),
        (SearchSlotsRequest { page_size: -1, ..search.clone() }, "page_size"),
        (SearchSlotsRequest { page_token: "edited".into(), ..search.clone() }, "page_token"),
    ];
    for (wrong, field) in cases {
        let status = sender.scheduling().search_slots(wrong.clone()).await.expect_err(&format!("{wrong:?}"));
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec![field.to_string()]), "{wrong:?}");
    }
    let leap = SearchSlotsRequest { start_date: on(2028, 2, 29), end_date: on(2028, 2, 29), ..search };
    sender.scheduling().search_slots(leap).await?;
    centre.end().await
}

#[tokio::test]
async fn a_slot_that_cannot_be_booked_is_refused_by_name_of_the_rule() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let xray = Coding { system: LOINC.into(), code: relais_tests::partnership::CHEST_XRAY.into(), ..Coding::default() };
    let night = ("00:00".to_string(), "05:00".to_string());
    let other = OpeningRule { services: vec![xray], from_time: night.0, until_time: night.1, ..centre.rule() };
    let other = centre.enter(other).await?;
    let referred = centre.accepted("R").await?;
    let sender = centre.sender()?;
    let slot = centre.slot_in(&referred, 24).await?;
    let of_other: Uuid =
        sqlx::query_scalar("SELECT id FROM slot WHERE rule_id = $1::uuid ORDER BY start_time DESC LIMIT 1")
            .bind(other.name.trim_start_matches("openingRules/").parse::<Uuid>()?)
            .fetch_one(&centre.world.database)
            .await?;
    let of_other = format!("slots/{of_other}");
    assert_eq!(refused(book(&sender, &referred, &of_other).await), ["service-not-offered"]);
    assert_eq!(refused(book(&sender, &referred, "").await), ["hold-expired"]);
    let begun = DateTime::from_timestamp(begins(&slot), 0).unwrap_or_default() + TimeDelta::seconds(1);
    let nothing = format!("slots/{}", Uuid::now_v7());
    assert_eq!(book(&sender, &referred, &nothing).await.unwrap_err().code(), Code::NotFound);
    // A slot of another laboratory is as absent as none.
    sqlx::query("UPDATE slot SET provider_id = $2 WHERE id = $1")
        .bind(of_other.trim_start_matches("slots/").parse::<Uuid>()?)
        .bind(Uuid::now_v7())
        .execute(&centre.world.database)
        .await?;
    assert_eq!(book(&sender, &referred, &of_other).await.unwrap_err().code(), Code::NotFound);
    centre.advance(begun).await?;
    assert_eq!(refused(book(&sender, &referred, &slot.name).await), ["slot-past"]);
    assert_eq!(refused(hold(&sender, &referred, &slot.name).await), ["slot-past"]);
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 0);
    centre.end().await
}

#[tokio::test]
async fn names_and_codes_that_are_none_are_told_by_field() -> Result<()> {
    let centre = Centre::open().await?;
    let desk = centre.desk()?;
    let bad = HoldSlotRequest { slot: "sites/1".into(), etag: "-1".into(), ..HoldSlotRequest::default() };
    let status = desk.scheduling().hold_slot(bad).await.unwrap_err();
    assert_eq!(violations(&status), ["name", "etag", "slot", "request_id"]);
    let name = format!("appointments/{}", Uuid::now_v7());
    let bad = CancelAppointmentRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    assert_eq!(violations(&desk.scheduling().cancel_appointment(bad).await.unwrap_err()), ["reason"]);
    let bad =
        CancelAppointmentRequest { name: name.clone(), reason: 99, request_id: request_id(), ..Default::default() };
    assert_eq!(violations(&desk.scheduling().cancel_appointment(bad).await.unwrap_err()), ["reason"]);
    let bad = UndoLastStepRequest { name: name.clone(), reason: -1, request_id: request_id(), ..Default::default() };
    assert_eq!(violations(&desk.scheduling().undo_last_step(bad).await.unwrap_err()), ["reason"]);
    let bad = RegisterWalkInRequest { name, site: "here".into(), request_id: request_id(), ..Default::default() };
    assert_eq!(violations(&desk.scheduling().register_walk_in(bad).await.unwrap_err()), ["site"]);
    let bad = desk.openings().lift_closure(LiftClosureRequest::default()).await.unwrap_err();
    assert_eq!(violations(&bad), ["name", "request_id"]);
    let bad = desk.openings().end_opening_rule(EndOpeningRuleRequest::default()).await.unwrap_err();
    assert_eq!(violations(&bad), ["name", "end_date", "request_id"]);
    for (from, until) in [
        (on(1899, 1, 1), on(2030, 1, 1)),
        (on(2200, 12, 31), on(2201, 1, 1)),
        (on(2030, 1, 2), on(2030, 1, 1)),
        (on(2030, 1, 1), on(2040, 1, 1)),
        (on(2030, 2, 29), None),
    ] {
        let closure =
            Closure { site: centre.site.to_string(), start_date: from, end_date: until, ..Closure::default() };
        let bad = CreateClosureRequest { closure: Some(closure), request_id: request_id(), ..Default::default() };
        let status = desk.openings().create_closure(bad).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(violations(&status).iter().all(|field| field.starts_with("closure.")), "{status:?}");
    }
    centre.end().await
}

/// A site in a zone that nobody knows is parked, and blocks nobody.
#[tokio::test]
async fn a_site_without_a_zone_is_parked() -> Result<()> {
    let centre = Centre::open().await?;
    let site = Child::new(centre.told.provider, SiteId::draw());
    let (name, time_zone, country_code) = (site.to_string(), "Mars/Olympus".into(), "LU".into());
    let registered = SiteRegistered { site: name, time_zone, country_code, ..SiteRegistered::default() };
    centre.world.tap.publish(site.id.0, 1, registered).await?;
    centre.world.until_count("SELECT count(*) FROM parked WHERE state = 'parked'", 1).await?;
    assert_eq!(centre.world.count("SELECT count(*) FROM site").await?, 1);
    centre.end().await
}
