//! Closed days and ended rules: nobody who stands in them is forgotten.

use anyhow::Result;
use chrono::{Days, Timelike};
use relais_platform::events::Event;
use relais_proto::scheduling::v1::{
    Closure, CreateClosureRequest, EndOpeningRuleRequest, GetOpeningRuleRequest, LiftClosureRequest,
    ListClosuresRequest, ListOpeningRulesRequest, RecordFulfilmentRequest, appointment::State,
};
use relais_tests::{Told, request_id, violations};
use tonic::Code;

use super::*;

pub(super) fn closing(centre: &Centre, from: NaiveDate, until: NaiveDate, cancel: bool) -> CreateClosureRequest {
    let closure = Closure {
        site: centre.site.to_string(),
        start_date: Some(date(from)),
        end_date: Some(date(until)),
        note: "Works".into(),
        ..Closure::default()
    };
    CreateClosureRequest { closure: Some(closure), cancel_appointments: cancel, request_id: request_id() }
}

/// The day of an appointment in Luxembourg.
fn local(appointment: &Appointment) -> NaiveDate {
    let seconds = appointment.start_time.map(|time| time.seconds).unwrap_or_default();
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().with_timezone(&chrono_tz::Europe::Luxembourg).date_naive()
}

async fn days(centre: &Centre, referred: &Referred) -> Result<Vec<String>> {
    let slots = centre.slots(referred).await?;
    let day = |slot: &Slot| DateTime::from_timestamp(begins(slot), 0).unwrap_or_default().date_naive().to_string();
    let mut days: Vec<_> = slots.iter().map(day).collect();
    days.dedup();
    Ok(days)
}

#[tokio::test]
async fn a_closure_names_who_stands_in_its_way_or_cancels_them() -> Result<()> {
    let mut centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (_, booked) = centre.booked("BOOKED", 50).await?;
    let holder = centre.accepted("HELD").await?;
    let (desk, sender, on) = (centre.desk()?, centre.sender()?, local(&booked));
    hold(&sender, &holder, &centre.slot_in(&holder, 48).await?.name).await?;
    let refusal = desk.openings().create_closure(closing(&centre, on, on, false)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    assert!(refusal.message().contains(&booked.name), "{refusal:?}");
    assert!(is(&get(&sender, &booked.name).await?, State::Booked), "refused, and yet cancelled");

    let until = on + Days::new(1);
    let request = closing(&centre, on - Days::new(1), until, true);
    let closure = desk.openings().create_closure(request.clone()).await?.into_inner().closure.unwrap_or_default();
    let again = desk.openings().create_closure(request).await?.into_inner().closure.unwrap_or_default();
    assert_eq!(again, closure, "the same request again");
    let gone = get(&sender, &booked.name).await?;
    assert_eq!((gone.state(), gone.reason.as_str()), (State::Cancelled, "site-closed"));
    let cancelled = |event: &Event| {
        matches!(event, Event::AppointmentCancelled(told) if told.reason == "site-closed").then_some(())
    };
    centre.until(cancelled).await?;
    assert!(is(&get(&sender, &holder.appointment).await?, State::Proposed), "a held one stays proposed");
    assert!(!days(&centre, &holder).await?.contains(&on.to_string()), "a closed day has slots");
    // Two are without an appointment's time: the one that was held, and the one proposed in place of the other.
    centre.world.until_count("SELECT count(*) FROM appointment WHERE state = 'proposed'", 2).await?;

    let lifting = LiftClosureRequest { name: closure.name.clone(), request_id: request_id() };
    let lifted = desk.openings().lift_closure(lifting).await?.into_inner().closure.unwrap_or_default();
    assert!(lifted.lift_time.is_some());
    eventually("slots again", || async { Ok(days(&centre, &holder).await?.contains(&on.to_string()).then_some(())) })
        .await?;
    let twice = LiftClosureRequest { name: closure.name, request_id: request_id() };
    assert_eq!(refused(desk.openings().lift_closure(twice).await), ["closure-lifted"]);
    let listing = ListClosuresRequest { parent: centre.site.to_string(), ..ListClosuresRequest::default() };
    assert_eq!(desk.openings().list_closures(listing).await?.into_inner().closures, [lifted]);
    centre.end().await
}

/// The trap: a day cannot be closed any more once somebody is there. Who has arrived stays, with that seat alone.
#[tokio::test]
async fn a_patient_who_is_there_stays_when_the_day_is_closed() -> Result<()> {
    let centre = Centre::open().await?;
    let rule = centre.enter(OpeningRule { seats: 3, ..centre.rule() }).await?;
    let (desk, sender) = (centre.desk()?, centre.sender()?);
    let (there, seen) = (centre.accepted("THERE").await?, centre.accepted("SEEN").await?);
    // Early on a day, so that there are later slots.
    let hour = |slot: &Slot| {
        let begins = DateTime::from_timestamp(begins(slot), 0).unwrap_or_default();
        begins.with_timezone(&chrono_tz::Europe::Luxembourg).hour()
    };
    let slots = centre.slots(&there).await?;
    let early = slots.iter().find(|slot| hour(slot) == 8 && begins(slot) > centre.now().timestamp() + 100_000);
    let early = early.context("no slot")?.name.clone();
    let (booked, seen) = (book(&sender, &there, &early).await?, book(&sender, &seen, &early).await?);
    let on = local(&booked);
    let start = DateTime::from_timestamp(booked.start_time.map_or(0, |time| time.seconds), 0).unwrap_or_default();
    centre.advance(start - TimeDelta::minutes(10)).await?;
    for name in [&booked.name, &seen.name] {
        desk.scheduling().record_arrival(attend::arrival(name)).await?;
    }
    let fulfilled = RecordFulfilmentRequest { name: seen.name.clone(), request_id: request_id(), ..Default::default() };
    desk.scheduling().record_fulfilment(fulfilled).await?;
    let later = centre.accepted("LATER").await?;
    let later_slot = centre.slot_in(&later, 1).await?;
    let waiting = book(&sender, &later, &later_slot.name).await?;
    let refused = desk.openings().create_closure(closing(&centre, on, on, false)).await.unwrap_err();
    assert!(refused.message().contains(&waiting.name) && !refused.message().contains(&booked.name), "{refused:?}");

    let closure = desk.openings().create_closure(closing(&centre, on, on, true)).await?.into_inner().closure;
    assert!(is(&get(&desk, &waiting.name).await?, State::Cancelled));
    let kept = get(&desk, &booked.name).await?;
    assert_eq!((kept.state(), &kept.slot), (State::Arrived, &booked.slot));
    assert!(is(&get(&desk, &seen.name).await?, State::Fulfilled));
    let beside = centre.accepted("BESIDE").await?;
    assert!(!days(&centre, &beside).await?.contains(&on.to_string()), "a closed day has slots");
    assert_eq!(super::refused(book(&sender, &beside, &booked.slot).await), ["slot-full"]);
    // Of a day that begins with somebody there, an opening rule ends as well.
    let lifting = LiftClosureRequest { name: closure.unwrap_or_default().name, request_id: request_id() };
    desk.openings().lift_closure(lifting).await?;
    let ending = EndOpeningRuleRequest {
        name: rule.name.clone(),
        end_date: Some(date(on - Days::new(1))),
        cancel_appointments: true,
        request_id: request_id(),
        ..Default::default()
    };
    desk.openings().end_opening_rule(ending).await?;
    let left = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM seat WHERE start_time > $1").bind(centre.now());
    let left = left.fetch_one(&centre.world.database).await?;
    assert_eq!(left, 2, "the two who are there");
    let there = list(&desk, &there.told).await?;
    assert!(there.iter().any(|found| is(found, State::Arrived)), "{there:?}");
    centre.end().await
}

#[tokio::test]
async fn a_rule_that_ends_names_who_stands_in_its_way_or_cancels_them() -> Result<()> {
    let centre = Centre::open().await?;
    let rule = centre.enter(centre.rule()).await?;
    let (referred, booked) = centre.booked("R", 50).await?;
    let (desk, last) = (centre.desk()?, local(&booked) - Days::new(1));
    let ending = |cancel_appointments: bool, etag: &str| EndOpeningRuleRequest {
        name: rule.name.clone(),
        end_date: Some(date(last)),
        cancel_appointments,
        etag: etag.into(),
        request_id: request_id(),
    };
    assert_eq!(refused(desk.openings().end_opening_rule(ending(false, "")).await), ["appointment-in-the-way"]);
    assert_eq!(desk.openings().end_opening_rule(ending(true, "7")).await.unwrap_err().code(), Code::Aborted);
    let ended = desk.openings().end_opening_rule(ending(true, &rule.etag)).await?.into_inner();
    let ended = ended.opening_rule.unwrap_or_default();
    assert_eq!(ended.valid_until_date, Some(date(last)));
    assert!(is(&get(&desk, &booked.name).await?, State::Cancelled));
    assert!(days(&centre, &referred).await?.iter().all(|day| day.as_str() <= last.to_string().as_str()));
    let later = EndOpeningRuleRequest { end_date: Some(date(last + Days::new(9))), ..ending(true, "") };
    assert_eq!(refused(desk.openings().end_opening_rule(later).await), ["rule-ends-before"]);
    let getting = GetOpeningRuleRequest { name: rule.name.clone() };
    assert_eq!(desk.openings().get_opening_rule(getting).await?.into_inner().opening_rule, Some(ended.clone()));
    let listing = ListOpeningRulesRequest { parent: centre.site.to_string(), ..ListOpeningRulesRequest::default() };
    assert_eq!(desk.openings().list_opening_rules(listing).await?.into_inner().opening_rules, [ended]);
    centre.end().await
}

#[tokio::test]
async fn rules_and_closures_are_their_own_organisations() -> Result<()> {
    let centre = Centre::open().await?;
    let rule = centre.enter(centre.rule()).await?;
    let stranger = centre.session(&Told::stranger())?;
    let create = CreateOpeningRuleRequest { opening_rule: Some(centre.rule()), request_id: request_id() };
    assert_eq!(stranger.openings().create_opening_rule(create).await.unwrap_err().code(), Code::NotFound);
    let getting = GetOpeningRuleRequest { name: rule.name };
    assert_eq!(stranger.openings().get_opening_rule(getting).await.unwrap_err().code(), Code::NotFound);
    let closing = closing(&centre, day("2030-01-01"), day("2030-01-02"), true);
    assert_eq!(stranger.openings().create_closure(closing).await.unwrap_err().code(), Code::NotFound);
    let clinician = centre.session(&Identity::new("doctor", "clinician").of(&centre.told.provider.to_string()))?;
    let create = CreateOpeningRuleRequest { opening_rule: Some(centre.rule()), request_id: request_id() };
    assert_eq!(clinician.openings().create_opening_rule(create).await.unwrap_err().code(), Code::PermissionDenied);
    let backwards = self::closing(&centre, day("2030-01-02"), day("2030-01-01"), true);
    let wrong = centre.desk()?.openings().create_closure(backwards).await.unwrap_err();
    assert_eq!(violations(&wrong), ["closure.end_date"]);
    centre.end().await
}
