//! While the answer is awaited: ends, closures, others who want the seat, and patients who come.

use chrono::TimeDelta;
use relais_proto::scheduling::v1::UndoReason;

use super::{
    super::{
        attend::{arrival, no_show, starts, undoing, walk_in},
        closures::closing,
    },
    *,
};

#[tokio::test]
async fn a_referral_that_ends_meanwhile_takes_its_seat_along() -> Result<()> {
    let centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred) = (centre.sender()?, centre.ending("R").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    let pending = book(&sender, &referred, &slot.name).await?;
    centre.world.tap.publish(referred.told.id.0, 3, referred.told.cancelled()).await?;
    centre.world.until_count("SELECT count(*) FROM seat_claim", 0).await?;
    let ended = centre.look(&pending).await?;
    assert_eq!((ended.state(), ended.reason.as_str()), (State::Cancelled, "referral-ended"));
    centre.answer(&referred, 4, &pending, Judged::Admitted).await?;
    assert_eq!(centre.look(&pending).await?, ended);
    assert_eq!(centre.world.count("SELECT count(*) FROM appointment").await?, 1, "it has ended");
    centre.end().await
}

/// The convention ends sooner than was told: what is booked beyond that asks, and what is not stays.
#[tokio::test]
async fn what_is_booked_on_days_that_are_no_more_is_judged_again() -> Result<()> {
    let centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred) = (centre.sender()?, centre.accepted("R").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    let booked = book(&sender, &referred, &slot.name).await?;
    assert!(is(&booked, State::Booked));
    let cut = |last| BookingJudged {
        appointment_version: 0,
        booking_until: Some(date(last)),
        ..Judged::Admitted.of(&referred, &booked, last)
    };
    let last = starts(&booked).with_timezone(&chrono_tz::Europe::Luxembourg).date_naive();
    centre.world.tap.publish(referred.told.id.0, 3, cut(last)).await?;
    centre.world.until_count("SELECT count(*) FROM referral WHERE booking_until IS NOT NULL", 1).await?;
    assert_eq!(centre.look(&booked).await?, booked, "on the last of them it may be");
    centre.world.tap.publish(referred.told.id.0, 4, cut(last - Days::new(1))).await?;
    centre.world.until_count(AWAITED, 1).await?;
    assert!(waits(&centre.look(&booked).await?));
    let refused = centre.answered(&referred, 5, Judged::Refused).await?;
    assert_eq!((refused.state(), refused.reason.as_str()), (State::Cancelled, REFUSED));
    centre.end().await
}

/// A closed day gives it up as any other that stands there.
#[tokio::test]
async fn who_waits_stands_in_the_way_of_a_closure() -> Result<()> {
    let centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (desk, referred) = (centre.desk()?, centre.ending("R").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    let pending = book(&centre.sender()?, &referred, &slot.name).await?;
    let on = starts(&pending).with_timezone(&chrono_tz::Europe::Luxembourg).date_naive();
    let kept = desk.openings().create_closure(closing(&centre, on, on, false)).await;
    assert_eq!(refused(kept), ["appointment-in-the-way"]);
    desk.openings().create_closure(closing(&centre, on, on, true)).await?;
    assert_eq!(centre.look(&pending).await?.reason, "site-closed");
    centre.answer(&referred, 3, &pending, Judged::Admitted).await?;
    assert_eq!(centre.look(&pending).await?.reason, "site-closed");
    centre.end().await
}

/// Of two who ask for one seat at once, one waits in it and the other is told that it is taken; and nobody waits in two places.
#[tokio::test]
async fn two_at_once_do_not_wait_in_one_seat() -> Result<()> {
    let centre = Centre::open_daily().await?;
    let hourly = || OpeningRule { slot_minutes: 60, ..centre.rule() };
    centre.enter(hourly()).await?;
    let (sender, one, two) = (centre.sender()?, centre.ending("ONE").await?, centre.ending("TWO").await?);
    let slot = centre.slot_in(&one, OUTSIDE).await?;
    let (first, second) = tokio::join!(book(&sender, &one, &slot.name), book(&sender, &two, &slot.name));
    let told = [first, second].map(|answer| match answer {
        Ok(appointment) if waits(&appointment) => "waits".to_string(),
        other => refused(other).join(","),
    });
    assert!(told.contains(&"waits".into()) && told.contains(&"slot-full".into()), "{told:?}");
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 1);
    // A patient who waits somewhere is busy then.
    centre.make_one_patient().await?;
    centre.enter(hourly()).await?;
    let beside = centre.slots(&one).await?.into_iter().find(|found| found.start_time == slot.start_time);
    let left = if told[0] == "waits" { &two } else { &one };
    assert_eq!(refused(book(&sender, left, &beside.context("a slot beside it")?.name).await), ["patient-busy"]);
    centre.end().await
}

/// It stays pending however long it takes. After a quarter of an hour it asks once more, and the event says so.
#[tokio::test]
async fn when_the_answer_takes_long_it_asks_again_and_both_sides_are_told() -> Result<()> {
    let mut centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred) = (centre.sender()?, centre.ending("R").await?);
    let slot = centre.slot_in(&referred, OUTSIDE).await?;
    let pending = book(&sender, &referred, &slot.name).await?;
    centre.advance(centre.now() + TimeDelta::minutes(16)).await?;
    let overdue = |event: &Event| as_moved(event, "pending").filter(|told| told.previous == "pending");
    let (version, told) = centre.until(overdue).await?;
    assert_eq!((version, told.reason.as_str(), told.start_time), (3, "judgement-overdue", slot.start_time));
    centre.advance(centre.now() + TimeDelta::days(1)).await?;
    let waiting = centre.look(&pending).await?;
    assert!(waits(&waiting) && waiting.etag == "3" && centre.world.count(AWAITED).await? == 0, "{waiting:?}");
    // The first question is answered at last, and then the second.
    centre.answer(&referred, 3, &pending, Judged::Admitted).await?;
    assert_eq!(centre.look(&pending).await?, waiting);
    centre.answer(&referred, 4, &waiting, Judged::Admitted).await?;
    assert!(is(&centre.look(&pending).await?, State::Booked));
    centre.end().await
}

/// What happened is never refused: neither who walks in after the last day, nor who comes, or does not, while the answer is awaited.
#[tokio::test]
async fn facts_are_noted_whatever_the_convention_says() -> Result<()> {
    let centre = Centre::open_daily().await?;
    let around = OpeningRule {
        from_time: "00:00".into(),
        until_time: "24:00".into(),
        slot_minutes: 60,
        walk_in_seats: 1,
        ..centre.rule()
    };
    centre.enter(around).await?;
    let (sender, desk) = (centre.sender()?, centre.desk()?);
    let (booked, walked) = (centre.ending("BOOKED").await?, centre.ending("WALKED").await?);
    let slot = centre.slot_in(&booked, OUTSIDE).await?;
    let pending = book(&sender, &booked, &slot.name).await?;
    centre.advance(starts(&pending) + TimeDelta::minutes(1)).await?;
    let came = desk.scheduling().register_walk_in(walk_in(&walked, &centre.site.to_string())).await?.into_inner();
    assert!(is(&came.appointment.unwrap_or_default(), State::Arrived));
    let missed = desk.scheduling().record_no_show(no_show(&pending.name)).await?.into_inner();
    assert!(is(&missed.appointment.unwrap_or_default(), State::Noshow));
    // That was wrong: on a day that nobody has judged it waits again.
    let undo = undoing(&pending.name, UndoReason::PatientCame);
    let back = desk.scheduling().undo_last_step(undo).await?.into_inner().appointment.unwrap_or_default();
    assert!(waits(&back) && centre.world.count(AWAITED).await? == 1, "{back:?}");
    let there = desk.scheduling().record_arrival(arrival(&pending.name)).await?.into_inner();
    assert!(is(&there.appointment.unwrap_or_default(), State::Arrived));
    centre.answer(&booked, 3, &back, Judged::Refused).await?;
    assert!(is(&centre.look(&pending).await?, State::Arrived), "a patient who is there was sent away");
    centre.end().await
}

/// The last day is the site's, where UTC has the day before or the day after.
#[tokio::test]
async fn the_last_day_is_by_the_clocks_of_the_site() -> Result<()> {
    for (zone, tz, waiting) in
        [("Pacific/Noumea", chrono_tz::Pacific::Noumea, true), ("America/Cayenne", chrono_tz::America::Cayenne, false)]
    {
        let centre = Centre::open_with(&QUICK, zone).await?;
        centre.enter(centre.rule()).await?;
        let (sender, referred) = (centre.sender()?, centre.accepted("R").await?);
        let utc = |slot: &Slot| DateTime::from_timestamp(begins(slot), 0).unwrap_or_default();
        let local = |slot: &Slot| utc(slot).with_timezone(&tz).date_naive();
        let slots = centre.slots(&referred).await?;
        let at_the_edge = slots.iter().skip(40).find(|slot| utc(slot).date_naive() != local(slot));
        let slot = at_the_edge.context("a slot on another day than UTC's")?;
        // In Nouméa the last day is UTC's of that moment, which there is yesterday; in Cayenne it is still today.
        let last = utc(slot).date_naive().min(local(slot));
        let nothing = Appointment { name: referred.appointment.clone(), etag: "9".into(), ..Appointment::default() };
        let stale = BookingJudged { booking_until: Some(date(last)), ..Judged::Refused.of(&referred, &nothing, last) };
        centre.world.tap.publish(referred.told.id.0, 3, stale).await?;
        centre.world.until_count("SELECT count(*) FROM referral WHERE booking_until IS NOT NULL", 1).await?;
        let booked = book(&sender, &referred, &slot.name).await?;
        assert_eq!(waits(&booked), waiting, "{zone}: {booked:?}");
        centre.end().await?;
    }
    Ok(())
}
