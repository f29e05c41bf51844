//! What an answer does to the appointment that waits for it, and to one that does not.

use chrono::TimeDelta;
use relais_proto::{
    events::v1::AppointmentCancelled,
    scheduling::v1::{CancelReason, ConfirmAppointmentRequest},
};
use relais_tests::request_id;

use super::{super::attend::starts, *};

fn as_cancelled(event: &Event) -> Option<AppointmentCancelled> {
    match event {
        Event::AppointmentCancelled(told) => Some(told.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn on_a_day_that_was_not_judged_it_waits_in_its_seat_and_is_booked_by_the_answer() -> Result<()> {
    let mut centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred, other) = (centre.sender()?, centre.ending("R").await?, centre.accepted("OTHER").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    // A hold is a hold, and ends: it says so.
    let held = hold(&sender, &referred, &slot.name).await?;
    assert_eq!((held.pending_reason(), held.hold_expire_time.is_some()), (PendingReason::Hold, true), "{held:?}");
    let request = booking(&referred, "");
    let pending = sender.scheduling().book_appointment(request.clone()).await?.into_inner().appointment;
    let pending = pending.unwrap_or_default();
    assert!(waits(&pending) && pending.hold_expire_time.is_none(), "{pending:?}");
    assert_eq!((pending.start_time, &pending.slot), (slot.start_time, &slot.name));
    let (version, told) = centre.until(|event| as_moved(event, "pending")).await?;
    let local = starts(&pending).with_timezone(&chrono_tz::Europe::Luxembourg).date_naive();
    assert_eq!((version, told.previous.as_str(), told.local_date), (2, "proposed", Some(date(local))));

    // Nothing of a hold ends it, and the seat is nobody else's.
    centre.advance(centre.now() + TimeDelta::minutes(12)).await?;
    centre.world.until_count("SELECT count(*) FROM timer WHERE kind = 'expire_hold'", 0).await?;
    assert!(waits(&centre.look(&pending).await?), "its hold's end freed it");
    assert_eq!(refused(book(&sender, &other, &slot.name).await), ["slot-full"]);
    assert_eq!(refused(book(&sender, &referred, &slot.name).await), ["appointment-not-proposed"]);
    let confirming =
        ConfirmAppointmentRequest { name: pending.name.clone(), request_id: request_id(), ..Default::default() };
    assert_eq!(refused(sender.scheduling().confirm_appointment(confirming).await), ["appointment-not-booked"]);
    assert_eq!((centre.world.count(REMINDERS).await?, centre.world.count(AWAITED).await?), (0, 1));
    let robbed = sqlx::query("DELETE FROM seat_claim").execute(&centre.world.database).await.unwrap_err();
    assert!(robbed.to_string().contains("appointment_has_its_seat"), "{robbed}");

    centre.answer(&referred, 3, &pending, Judged::Admitted).await?;
    let booked = centre.look(&pending).await?;
    assert!(is(&booked, State::Booked) && booked.slot == slot.name, "{booked:?}");
    assert_eq!(booked.pending_reason(), PendingReason::Unspecified);
    let (version, told) = centre.until(|event| as_moved(event, "booked")).await?;
    assert_eq!((version, told.previous.as_str(), told.organisation.as_str()), (3, "pending", ""));
    assert_eq!((centre.world.count(REMINDERS).await?, centre.world.count(AWAITED).await?), (1, 0));
    // The same request again answers as it did; and what was admitted is not asked for again.
    let again = sender.scheduling().book_appointment(request).await?.into_inner().appointment;
    assert_eq!(again.unwrap_or_default(), pending);
    let later = centre.slot_in(&referred, OUTSIDE + 20).await?;
    assert!(is(&reschedule(&sender, &booked.name, &later.name).await?, State::Booked));
    centre.end().await
}

#[tokio::test]
async fn what_is_refused_frees_its_seat_and_somebody_else_books_it() -> Result<()> {
    let mut centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred, other) = (centre.sender()?, centre.ending("R").await?, centre.accepted("OTHER").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    let pending = book(&sender, &referred, &slot.name).await?;
    centre.answer(&referred, 3, &pending, Judged::Refused).await?;
    let refused = centre.look(&pending).await?;
    assert_eq!(
        (refused.state(), refused.reason.as_str(), refused.cancelled_by.as_str()),
        (State::Cancelled, REFUSED, "")
    );
    let (version, told) = centre.until(as_cancelled).await?;
    assert_eq!((version, told.reason.as_str(), told.organisation.as_str()), (3, REFUSED, ""));
    assert_eq!((told.start_time, told.parties.len()), (slot.start_time, 3));
    assert!(is(&book(&sender, &other, &slot.name).await?, State::Booked));
    // The referral is open: another appointment is proposed, and booked on a day that is covered.
    let all = list(&sender, &referred.told).await?;
    let next = all.iter().find(|found| is(found, State::Proposed)).map(|found| found.name.clone());
    let again = Referred { appointment: next.unwrap_or_default(), ..referred };
    let covered = centre.slot_in(&again, INSIDE).await?;
    assert!(is(&book(&sender, &again, &covered.name).await?, State::Booked));
    centre.end().await
}

/// An answer is to one version: of a time that was given up meanwhile it says nothing. But the days that it names count, whatever
/// became of the appointment.
#[tokio::test]
async fn answers_that_come_twice_late_or_to_what_is_given_up_change_nothing() -> Result<()> {
    let centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred) = (centre.sender()?, centre.ending("R").await?);
    let (first, second) = (centre.slot_in(&referred, OUTSIDE).await?, centre.slot_in(&referred, OUTSIDE + 20).await?);
    let asked = book(&sender, &referred, &first.name).await?;
    let moved = reschedule(&sender, &asked.name, &second.name).await?;
    assert!(waits(&moved) && moved.etag != asked.etag, "{moved:?}");
    centre.answer(&referred, 3, &asked, Judged::Refused).await?;
    assert_eq!(centre.look(&moved).await?, moved, "an answer to the old time ended the new one");
    let answer = Judged::Admitted.of(&referred, &moved, centre.last_day());
    let message = centre.world.tap.publish(referred.told.id.0, 4, answer).await?;
    centre.world.tap.send(&message).await?;
    centre
        .world
        .until_count("SELECT count(*) FROM appointment_change WHERE state = 'booked' AND NOT awaiting", 1)
        .await?;
    centre.answer(&referred, 5, &moved, Judged::Refused).await?;
    let booked = centre.look(&moved).await?;
    assert_eq!(
        (booked.state(), booked.etag.as_str()),
        (State::Pending, "5"),
        "what the referral covers has moved away"
    );
    // Given up by the desk: an answer to it is too late.
    let given_up = cancel(&centre.desk()?, &booked.name, CancelReason::PatientDeclined).await?;
    assert!(is(&given_up, State::Cancelled) && centre.world.count(AWAITED).await? == 0);
    centre.answer(&referred, 6, &booked, Judged::Admitted).await?;
    assert_eq!(centre.look(&booked).await?, given_up);
    centre.world.until_count("SELECT count(*) FROM appointment WHERE state = 'proposed'", 1).await?;
    let all = list(&sender, &referred.told).await?;
    let next = all.iter().find(|found| is(found, State::Proposed)).map(|found| found.name.clone());
    let again = Referred { appointment: next.unwrap_or_default(), ..referred };
    assert!(is(&book(&sender, &again, &first.name).await?, State::Booked), "that day is covered since");
    centre.end().await
}

#[tokio::test]
async fn one_that_was_to_be_moved_goes_back_to_its_seat_if_nobody_took_it() -> Result<()> {
    let mut centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, back, gone) = (centre.sender()?, centre.ending("BACK").await?, centre.ending("GONE").await?);
    let [old, taken] = centre.two_in(&back, INSIDE).await?;
    let [far, further] = centre.two_in(&back, OUTSIDE).await?;
    for (referred, from, to) in [(&back, &old, &far), (&gone, &taken, &further)] {
        assert!(is(&book(&sender, referred, &from.name).await?, State::Booked));
        assert!(waits(&reschedule(&sender, &referred.appointment, &to.name).await?));
    }
    assert_eq!(centre.world.count(REMINDERS).await?, 0, "somebody is reminded of a time that is not booked");
    let other = centre.accepted("OTHER").await?;
    assert!(is(&book(&sender, &other, &taken.name).await?, State::Booked), "a seat that was left is free");
    let returned = centre.answered(&back, 3, Judged::Refused).await?;
    assert_eq!((returned.state(), &returned.slot, returned.reason.as_str()), (State::Booked, &old.name, REFUSED));
    let (version, told) =
        centre.until(|event| as_moved(event, "booked").filter(|told| told.previous == "pending")).await?;
    assert_eq!((version, told.start_time, told.reason.as_str()), (4, old.start_time, REFUSED));
    assert_eq!(centre.world.count(REMINDERS).await?, 2, "of the old time, and of the other patient's");
    let given_up = centre.answered(&gone, 3, Judged::Refused).await?;
    assert_eq!((given_up.state(), given_up.reason.as_str()), (State::Cancelled, REFUSED));
    let free = centre.slots(&back).await?;
    assert!(free.iter().any(|slot| slot.name == far.name) && free.iter().any(|slot| slot.name == further.name));
    centre.end().await
}

/// The seat is free, and its patient is not.
#[tokio::test]
async fn nobody_goes_back_to_a_time_at_which_the_patient_is_elsewhere() -> Result<()> {
    let centre = Centre::open_daily().await?;
    for _ in 0..2 {
        centre.enter(OpeningRule { slot_minutes: 60, ..centre.rule() }).await?;
    }
    let (sender, one, two) = (centre.sender()?, centre.ending("ONE").await?, centre.accepted("TWO").await?);
    centre.make_one_patient().await?;
    let (old, far) = (centre.slot_in(&one, INSIDE).await?, centre.slot_in(&one, OUTSIDE).await?);
    assert!(is(&book(&sender, &one, &old.name).await?, State::Booked));
    assert!(waits(&reschedule(&sender, &one.appointment, &far.name).await?));
    let beside = centre.slots(&two).await?.into_iter();
    let beside = beside.filter(|slot| slot.name != old.name).find(|slot| slot.start_time == old.start_time);
    assert!(is(&book(&sender, &two, &beside.context("a slot beside it")?.name).await?, State::Booked));
    assert!(is(&centre.answered(&one, 3, Judged::Refused).await?, State::Cancelled));
    assert_eq!(centre.world.count("SELECT count(*) FROM retry").await?, 0);
    centre.end().await
}
