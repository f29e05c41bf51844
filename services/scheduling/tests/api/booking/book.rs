//! Searching, holding, booking, moving, giving up.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::events::Event;
use relais_proto::{
    events::v1::Needs,
    scheduling::v1::{CancelReason, SearchSlotsRequest, appointment::State, slot::fact::Wish},
};
use relais_tests::{Told, eventually, request_id};
use tonic::Code;

use super::*;

#[tokio::test]
async fn a_slot_is_searched_held_booked_moved_and_given_up() -> Result<()> {
    let mut centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (sender, desk) = (centre.sender()?, centre.desk()?);
    let referred = centre.accepted("R").await?;
    let (first, second) = (centre.slot_in(&referred, 60).await?, centre.slot_in(&referred, 70).await?);

    let pending = hold(&sender, &referred, &first.name).await?;
    assert!(is(&pending, State::Pending) && pending.hold_expire_time.is_some(), "{pending:?}");
    assert_eq!((&pending.slot, pending.start_time, &pending.site), (&first.name, first.start_time, &first.site));
    let booked = book(&desk, &referred, "").await?;
    assert!(is(&booked, State::Booked) && booked.hold_expire_time.is_none(), "{booked:?}");
    assert_eq!(booked.time_zone, "Europe/Luxembourg");
    let (version, told) = centre.until(|event| as_moved(event, "booked")).await?;
    assert_eq!(
        (version, told.previous.as_str(), told.start_time, told.number.as_str()),
        (2, "proposed", first.start_time, "R")
    );
    assert_eq!((told.parties.len(), told.site, told.time_zone), (3, first.site.clone(), booked.time_zone.clone()));

    let moved = reschedule(&sender, &booked.name, &second.name).await?;
    assert_eq!((moved.slot.as_str(), moved.start_time), (second.name.as_str(), second.start_time));
    let (version, told) = centre.until(|event| as_moved(event, "booked")).await?;
    assert_eq!((version, told.previous.as_str(), told.start_time), (3, "booked", second.start_time));
    assert!(centre.slots(&referred).await?.iter().any(|slot| slot.name == first.name), "the old seat is free");

    let given_up = cancel(&desk, &booked.name, CancelReason::PatientUnavailable).await?;
    assert!(is(&given_up, State::Cancelled), "{given_up:?}");
    assert_eq!(
        (given_up.reason.as_str(), given_up.cancelled_by),
        ("patient-unavailable", centre.told.provider.to_string())
    );
    let (version, told) = centre.until(as_cancelled).await?;
    assert_eq!((version, told.reason.as_str(), told.start_time), (4, "patient-unavailable", second.start_time));
    assert_eq!(told.organisation, centre.told.provider.to_string());
    // The referral is open, so it has another appointment, which can be booked.
    let again = eventually("another appointment", || async {
        Ok(list(&sender, &referred.told).await?.into_iter().find(|found| is(found, State::Proposed)))
    })
    .await?;
    let referred = Referred { appointment: again.name, ..referred };
    assert!(is(&book(&sender, &referred, &second.name).await?, State::Booked));
    centre.end().await
}

fn as_moved(event: &Event, state: &str) -> Option<relais_proto::events::v1::AppointmentMoved> {
    match event {
        Event::AppointmentMoved(told) if told.state == state => Some(told.clone()),
        _ => None,
    }
}

fn as_cancelled(event: &Event) -> Option<relais_proto::events::v1::AppointmentCancelled> {
    match event {
        Event::AppointmentCancelled(told) => Some(told.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn what_was_not_accepted_is_not_booked_for() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let referred = centre.submitted("R").await?;
    let (sender, slot) = (centre.sender()?, centre.slot_in(&referred, 24).await?);
    assert_eq!(refused(book(&sender, &referred, &slot.name).await), ["referral-not-accepted"]);
    assert_eq!(refused(hold(&sender, &referred, &slot.name).await), ["referral-not-accepted"]);
    centre.step(&referred.told, 2, "accepted").await?;
    book(&sender, &referred, &slot.name).await?;
    assert_eq!(refused(book(&sender, &referred, &slot.name).await), ["appointment-not-proposed"]);
    // It ends meanwhile: the appointment is given up and the seat free.
    centre.world.tap.publish(referred.told.id.0, 3, moved(&referred.told, "rejected")).await?;
    centre.world.until_count("SELECT count(*) FROM seat_claim", 0).await?;
    let given_up = get(&sender, &referred.appointment).await?;
    assert_eq!((given_up.state(), given_up.reason.as_str()), (State::Cancelled, "referral-ended"));
    assert_eq!(list(&sender, &referred.told).await?.len(), 1, "no other one is proposed");
    // Taken back: the referral wants an appointment again.
    let back = relais_proto::events::v1::ReferralMoved { undone: true, ..moved(&referred.told, "accepted") };
    centre.world.tap.publish(referred.told.id.0, 4, back).await?;
    centre.world.until_count("SELECT count(*) FROM appointment WHERE state = 'proposed'", 1).await?;
    centre.end().await
}

#[tokio::test]
async fn a_hold_runs_out_and_another_takes_the_seat() -> Result<()> {
    let centre = Centre::open_with(&[("RELAIS__TIMERS__POLL_MS", "3600000")], "Europe/Luxembourg").await?;
    centre.enter(centre.rule()).await?;
    let (one, two) = (centre.accepted("ONE").await?, centre.accepted("TWO").await?);
    let (sender, slot) = (centre.sender()?, centre.slot_in(&one, 24).await?);
    hold(&sender, &one, &slot.name).await?;
    // Pending counts as busy.
    assert_eq!(refused(book(&sender, &two, &slot.name).await), ["slot-full"]);
    assert!(centre.slots(&two).await?.iter().all(|found| found.name != slot.name), "a held seat is shown as free");
    // Nobody confirms a hold that is another's: without one of its own, a referral must name a slot.
    assert_eq!(refused(book(&sender, &two, "").await), ["hold-expired"]);
    centre.advance(centre.now() + TimeDelta::minutes(11)).await?;
    assert!(is(&get(&sender, &one.appointment).await?, State::Proposed), "it is not pending any more");
    assert_eq!(refused(book(&sender, &one, "").await), ["hold-expired"]);
    assert!(centre.slots(&two).await?.iter().any(|found| found.name == slot.name));
    book(&sender, &two, &slot.name).await?;
    assert_eq!(refused(book(&sender, &one, &slot.name).await), ["slot-full"]);
    centre.end().await
}

#[tokio::test]
async fn a_hold_that_ran_out_is_removed_by_a_timer_and_one_given_back_at_once() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let referred = centre.accepted("R").await?;
    let (sender, slot) = (centre.sender()?, centre.slot_in(&referred, 24).await?);
    hold(&sender, &referred, &slot.name).await?;
    let given_back = cancel(&sender, &referred.appointment, CancelReason::PatientDeclined).await?;
    assert!(is(&given_back, State::Proposed), "{given_back:?}");
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 0);
    assert_eq!(
        refused(cancel(&sender, &referred.appointment, CancelReason::SiteClosed).await),
        ["appointment-not-booked"]
    );
    // Another hold takes the place of the first.
    let other = centre.slot_in(&referred, 30).await?;
    hold(&sender, &referred, &slot.name).await?;
    hold(&sender, &referred, &other.name).await?;
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 1);
    centre.advance(centre.now() + TimeDelta::minutes(11)).await?;
    centre.world.until_count("SELECT count(*) FROM seat_claim", 0).await?;
    centre.end().await
}

#[tokio::test]
async fn the_same_request_again_answers_the_same() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let referred = centre.accepted("R").await?;
    let (sender, slot) = (centre.sender()?, centre.slot_in(&referred, 24).await?);
    let holding = HoldSlotRequest {
        name: referred.appointment.clone(),
        slot: slot.name.clone(),
        request_id: request_id(),
        ..HoldSlotRequest::default()
    };
    let held = sender.scheduling().hold_slot(holding.clone()).await?.into_inner();
    let request = booking(&referred, "");
    let booked = sender.scheduling().book_appointment(request.clone()).await?.into_inner();
    cancel(&sender, &referred.appointment, CancelReason::BookedInError).await?;
    assert_eq!(sender.scheduling().book_appointment(request).await?.into_inner(), booked);
    assert_eq!(sender.scheduling().hold_slot(holding).await?.into_inner(), held);
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 0, "a repeated request took a seat");
    centre.end().await
}

#[tokio::test]
async fn wishes_are_facts_beside_each_slot_and_pages_go_on() -> Result<()> {
    let centre = Centre::open().await?;
    let reached = OpeningRule { wheelchair_access: true, interpreter_languages: vec!["ti".into()], ..centre.rule() };
    centre.enter(reached).await?;
    let needs = Needs { interpreter_language: "ar".into(), wheelchair: true };
    let referred = centre.submitted_with("R", needs).await?;
    let sender = centre.sender()?;
    let first = SearchSlotsRequest { referral: referred.told.id.to_string(), page_size: 3, ..Default::default() };
    let page = sender.scheduling().search_slots(first.clone()).await?.into_inner();
    let facts: Vec<_> = page.slots[0].facts.iter().map(|fact| (fact.wish(), fact.met)).collect();
    let expected = [(Wish::Site, true), (Wish::Date, true), (Wish::Interpreter, false), (Wish::Wheelchair, true)];
    assert_eq!(facts, expected);
    let token = page.next_page_token.clone();
    let next = SearchSlotsRequest { page_token: token.clone(), ..first.clone() };
    let following = sender.scheduling().search_slots(next).await?.into_inner().slots;
    assert_eq!((page.slots.len(), following.len()), (3, 3));
    assert!(begins(&following[0]) > begins(&page.slots[2]), "the pages overlap");
    let other_filter = SearchSlotsRequest { page_token: token, site: centre.site.to_string(), ..first };
    let wrong = sender.scheduling().search_slots(other_filter).await.unwrap_err();
    assert_eq!(relais_tests::violations(&wrong), ["page_token"]);
    // What a patient needs stands on the appointment; a coordinator of the convention does not see it.
    let seen = get(&sender, &referred.appointment).await?.needs.unwrap_or_default();
    assert_eq!((seen.interpreter_language.as_str(), seen.wheelchair), ("ar", true));
    let unseen = get(&centre.session(&centre.told.overseer())?, &referred.appointment).await?.needs.unwrap_or_default();
    assert_eq!((unseen.interpreter_language.as_str(), unseen.wheelchair), ("", false));
    centre.end().await
}

#[tokio::test]
async fn both_sides_book_the_provider_notes_and_others_see_nothing() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (referred, booked) = centre.booked("R", 24).await?;
    let other = centre.slot_in(&referred, 40).await?;
    let overseer = centre.session(&centre.told.overseer())?;
    let stranger = centre.session(&Told::stranger())?;
    assert_eq!(reschedule(&overseer, &booked.name, &other.name).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(reschedule(&stranger, &booked.name, &other.name).await.unwrap_err().code(), Code::NotFound);
    let arrival = attend::arrival(&booked.name);
    let by_sender = centre.sender()?.scheduling().record_arrival(arrival).await.unwrap_err();
    assert_eq!(by_sender.code(), Code::PermissionDenied);
    let search = SearchSlotsRequest { referral: referred.told.id.to_string(), ..Default::default() };
    assert_eq!(overseer.scheduling().search_slots(search.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(stranger.scheduling().search_slots(search).await.unwrap_err().code(), Code::NotFound);
    let stale = RescheduleAppointmentRequest {
        name: booked.name.clone(),
        slot: other.name,
        etag: "1".into(),
        request_id: request_id(),
    };
    assert_eq!(centre.desk()?.scheduling().reschedule_appointment(stale).await.unwrap_err().code(), Code::Aborted);
    assert_eq!(refused(reschedule(&centre.desk()?, &booked.name, &booked.slot).await), ["same-slot"]);
    centre.end().await
}
