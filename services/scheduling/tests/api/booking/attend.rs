//! Arrivals, no-shows, walk-ins, and steps that were wrong.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::events::Event;
use relais_proto::scheduling::v1::{
    ConfirmAppointmentRequest, RecordArrivalRequest, RecordFulfilmentRequest, RecordNoShowRequest,
    RegisterWalkInRequest, UndoLastStepRequest, UndoReason, appointment::State,
};
use relais_tests::request_id;

use super::*;

pub(super) fn arrival(name: &str) -> RecordArrivalRequest {
    RecordArrivalRequest { name: name.into(), request_id: request_id(), ..RecordArrivalRequest::default() }
}

pub(super) fn no_show(name: &str) -> RecordNoShowRequest {
    RecordNoShowRequest { name: name.into(), request_id: request_id(), ..RecordNoShowRequest::default() }
}

pub(super) fn undoing(name: &str, reason: UndoReason) -> UndoLastStepRequest {
    UndoLastStepRequest { name: name.into(), reason: reason.into(), request_id: request_id(), ..Default::default() }
}

pub(super) fn walk_in(referred: &Referred, site: &str) -> RegisterWalkInRequest {
    RegisterWalkInRequest {
        name: referred.appointment.clone(),
        site: site.into(),
        request_id: request_id(),
        ..RegisterWalkInRequest::default()
    }
}

pub(super) fn starts(appointment: &Appointment) -> DateTime<Utc> {
    let seconds = appointment.start_time.map(|time| time.seconds).unwrap_or_default();
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// The states in which events told of appointments.
async fn states(centre: &mut Centre, count: usize) -> Result<Vec<(i64, String, bool)>> {
    let mut told = Vec::new();
    while told.len() < count {
        let moved = |event: &Event| match event {
            Event::AppointmentMoved(moved) => Some((moved.state.clone(), moved.confirmed)),
            _ => None,
        };
        let (version, (state, confirmed)) = centre.until(moved).await?;
        told.push((version, state, confirmed));
    }
    Ok(told)
}

#[tokio::test]
async fn a_patient_says_yes_comes_and_is_seen() -> Result<()> {
    let mut centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (_, booked) = centre.booked("R", 72).await?;
    let (desk, name) = (centre.desk()?, booked.name.clone());
    assert_eq!(refused(desk.scheduling().record_arrival(arrival(&name)).await), ["before-its-day"]);
    let confirming =
        || ConfirmAppointmentRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    centre.sender()?.scheduling().confirm_appointment(confirming()).await?;
    assert_eq!(refused(desk.scheduling().confirm_appointment(confirming()).await), ["already-confirmed"]);
    centre.advance(starts(&booked) - TimeDelta::minutes(5)).await?;
    assert_eq!(refused(desk.scheduling().record_no_show(no_show(&name)).await), ["appointment-not-begun"]);
    desk.scheduling().record_arrival(arrival(&name)).await?;
    let fulfilment = || RecordFulfilmentRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    let seen = desk.scheduling().record_fulfilment(fulfilment()).await?.into_inner().appointment.unwrap_or_default();
    assert!(is(&seen, State::Fulfilled) && seen.confirmed, "{seen:?}");
    assert_eq!(refused(desk.scheduling().record_fulfilment(fulfilment()).await), ["patient-not-arrived"]);
    assert_eq!(refused(cancel(&desk, &name, CancelReason::PatientDeclined).await), ["appointment-not-booked"]);
    // Booked, confirmed, reminded of (its own type), arrived, fulfilled: one version each.
    let told = states(&mut centre, 4).await?;
    let told: Vec<_> = told.iter().map(|(_, state, confirmed)| (state.as_str(), *confirmed)).collect();
    assert_eq!(told, [("booked", false), ("booked", true), ("arrived", true), ("fulfilled", true)]);
    centre.end().await
}

#[tokio::test]
async fn a_wrong_no_show_is_taken_back_and_a_right_one_is_followed_by_another_appointment() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (referred, booked) = centre.booked("R", 24).await?;
    let (desk, sender) = (centre.desk()?, centre.sender()?);
    centre.advance(starts(&booked) + TimeDelta::minutes(1)).await?;
    desk.scheduling().record_no_show(no_show(&booked.name)).await?;
    let proposed = "SELECT count(*) FROM appointment WHERE state = 'proposed'";
    centre.world.until_count(proposed, 1).await?;
    let back = desk.scheduling().undo_last_step(undoing(&booked.name, UndoReason::PatientCame)).await?.into_inner();
    let back = back.appointment.unwrap_or_default();
    assert_eq!((back.state(), back.reason.as_str()), (State::Booked, "patient-came"));
    assert_eq!(centre.world.count(proposed).await?, 0, "the other one was withdrawn");
    let twice = desk.scheduling().undo_last_step(undoing(&booked.name, UndoReason::PatientCame)).await;
    assert_eq!(refused(twice), ["nothing-to-undo"]);
    // Missed after all, and booked again: then it is too late to take it back.
    desk.scheduling().record_no_show(no_show(&booked.name)).await?;
    centre.step(&referred.told, 3, "no-show").await?;
    centre.world.until_count(proposed, 1).await?;
    let all = list(&sender, &referred.told).await?;
    let next = all.iter().find(|found| is(found, State::Proposed)).map(|found| found.name.clone());
    let again = Referred { appointment: next.unwrap_or_default(), told: referred.told.clone() };
    let slot = centre.slot_in(&again, 24).await?;
    book(&sender, &again, &slot.name).await?;
    let late = desk.scheduling().undo_last_step(undoing(&booked.name, UndoReason::PatientCame)).await;
    assert_eq!(refused(late), ["another-appointment"]);
    centre.end().await
}

/// The trap: an undoing that opens what nothing closes any more, or that goes back step by step.
#[tokio::test]
async fn a_step_is_taken_back_once_and_never_for_a_referral_that_has_ended() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(OpeningRule { seats: 3, ..centre.rule() }).await?;
    let (missed, booked) = centre.booked("MISSED", 24).await?;
    let seen = centre.accepted("SEEN").await?;
    let (desk, sender) = (centre.desk()?, centre.sender()?);
    let seen = book(&sender, &seen, &booked.slot).await?;
    centre.advance(starts(&booked) + TimeDelta::minutes(1)).await?;
    desk.scheduling().record_no_show(no_show(&booked.name)).await?;
    centre.step(&missed.told, 3, "failed").await?;
    let undo = async |name: &str| desk.scheduling().undo_last_step(undoing(name, UndoReason::PatientCame)).await;
    assert_eq!(refused(undo(&booked.name).await), ["referral-closed"]);
    assert!(is(&get(&desk, &booked.name).await?, State::Noshow));
    // Its end is taken back; then the no-show may be. What ends after that finds it, and frees its seat.
    centre.step(&missed.told, 4, "no-show").await?;
    undo(&booked.name).await?;
    centre.step(&missed.told, 5, "failed").await?;
    centre
        .world
        .until_count("SELECT count(*) FROM appointment WHERE reason = 'referral-ended' AND slot_id IS NOT NULL", 1)
        .await?;

    desk.scheduling().record_arrival(arrival(&seen.name)).await?;
    let fulfilment =
        RecordFulfilmentRequest { name: seen.name.clone(), request_id: request_id(), ..Default::default() };
    desk.scheduling().record_fulfilment(fulfilment).await?;
    assert!(is(&undo(&seen.name).await?.into_inner().appointment.unwrap_or_default(), State::Arrived));
    assert_eq!(refused(undo(&seen.name).await), ["undone-already"]);
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 1);
    centre.end().await
}

/// Whichever comes first, the undoing or the end of the referral: nobody keeps a seat for a referral that has ended.
#[tokio::test]
async fn an_undoing_while_the_referral_ends_leaves_no_seat_behind() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(OpeningRule { seats: 8, ..centre.rule() }).await?;
    let (desk, sender, all) = (centre.desk()?, centre.sender()?, centre.many(8).await?);
    let slot = centre.slot_in(&all[0], 24).await?;
    for referred in &all {
        book(&sender, referred, &slot.name).await?;
    }
    centre.advance(DateTime::from_timestamp(begins(&slot) + 60, 0).unwrap_or_default()).await?;
    for referred in &all {
        desk.scheduling().record_no_show(no_show(&referred.appointment)).await?;
    }
    let mut undone = 0;
    for referred in &all {
        let request = undoing(&referred.appointment, UndoReason::PatientCame);
        let mut client = desk.scheduling();
        let (ended, undoing) = tokio::join!(
            centre.world.tap.publish(referred.told.id.0, 3, moved(&referred.told, "failed")),
            client.undo_last_step(request)
        );
        ended?;
        match undoing {
            Ok(_) => undone += 1,
            Err(status) => assert_eq!(relais_tests::rules(&status), ["referral-closed"], "{status:?}"),
        }
    }
    centre.world.until_count("SELECT count(*) FROM referral WHERE state = 'failed'", 8).await?;
    let booked = "SELECT count(*) FROM appointment WHERE state = 'booked'";
    centre.world.until_count(booked, 0).await?;
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 8 - undone);
    centre.end().await
}

#[tokio::test]
async fn a_walk_in_takes_a_seat_of_its_own_kind_now() -> Result<()> {
    let centre = Centre::open().await?;
    // One that begins on each minute of the day that comes: half an hour that is now.
    let around =
        OpeningRule { from_time: "00:00".into(), until_time: "24:00".into(), walk_in_seats: 1, ..centre.rule() };
    centre.enter(around).await?;
    let (one, two, booker) =
        (centre.accepted("ONE").await?, centre.accepted("TWO").await?, centre.accepted("B").await?);
    let (desk, site) = (centre.desk()?, centre.site.to_string());
    let slot = centre.slot_in(&one, 24).await?;
    assert_eq!(slot.free_seats, 1, "a seat for walk-ins is not offered");
    let begins = DateTime::from_timestamp(begins(&slot), 0).unwrap_or_default();
    centre.advance(begins + TimeDelta::minutes(1)).await?;
    let came = desk.scheduling().register_walk_in(walk_in(&one, &site)).await?.into_inner();
    let came = came.appointment.unwrap_or_default();
    assert!(is(&came, State::Arrived) && came.walk_in && came.slot == slot.name, "{came:?}");
    // The seat that can be booked is free, and no walk-in takes it.
    let second = desk.scheduling().register_walk_in(walk_in(&two, &site)).await;
    assert_eq!(refused(second), ["no-walk-in-seat"]);
    let taken = "SELECT count(*) FROM seat_claim WHERE walk_in";
    assert_eq!(centre.world.count(taken).await?, 1);
    // And no booking takes the seat of walk-ins.
    let next = centre.slot_in(&booker, 1).await?;
    book(&desk, &booker, &next.name).await?;
    assert_eq!(refused(book(&desk, &two, &next.name).await), ["slot-full"]);
    // It was another patient: that walk-in never was, its seat is free, and its referral waits for an appointment again.
    let never = desk.scheduling().undo_last_step(undoing(&came.name, UndoReason::WrongPatient)).await?.into_inner();
    assert!(is(&never.appointment.unwrap_or_default(), State::EnteredInError));
    assert_eq!(centre.world.count(taken).await?, 0);
    centre.world.until_count("SELECT count(*) FROM appointment WHERE state = 'proposed'", 2).await?;
    desk.scheduling().register_walk_in(walk_in(&two, &site)).await?;
    centre.end().await
}
