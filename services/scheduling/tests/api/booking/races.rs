//! Many at once: the database gives each seat once.

use std::sync::Arc;

use anyhow::Result;
use chrono::TimeDelta;
use relais_proto::scheduling::v1::{CancelReason, appointment::State};
use tokio::task::JoinSet;
use tonic::Code;

use super::*;

/// Runs all at once, and tells the outcomes.
async fn at_once<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, Status>> + Send + 'static>,
) -> Vec<Result<T, Status>> {
    let mut tasks = JoinSet::new();
    for one in work {
        tasks.spawn(one);
    }
    tasks.join_all().await
}

/// How many went through; all others were refused by this rule.
fn won<T: std::fmt::Debug>(outcomes: Vec<Result<T, Status>>, rule: &str) -> usize {
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    for outcome in lost {
        assert_eq!(refused(outcome), [rule]);
    }
    won.len()
}

#[tokio::test]
async fn fifty_at_once_on_the_last_seat_book_one() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let all = centre.many(50).await?;
    let slot = centre.slot_in(&all[0], 24).await?.name;
    let sender = centre.sender()?;
    let outcomes = at_once(all.into_iter().map(|referred| {
        let (sender, slot) = (sender.clone(), slot.clone());
        async move { book(&sender, &referred, &slot).await }
    }))
    .await;
    assert_eq!(won(outcomes, "slot-full"), 1);
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 1);
    assert_eq!(centre.world.count("SELECT count(*) FROM appointment WHERE state = 'booked'").await?, 1);
    centre.end().await
}

/// A limit that is stored is kept: three seats, twenty who come, holds among them.
#[tokio::test]
async fn twenty_at_once_on_three_seats_take_three() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(OpeningRule { seats: 3, ..centre.rule() }).await?;
    let all = centre.many(20).await?;
    let slot = centre.slot_in(&all[0], 24).await?.name;
    let sender = centre.sender()?;
    let outcomes = at_once(all.into_iter().enumerate().map(|(number, referred)| {
        let (sender, slot) = (sender.clone(), slot.clone());
        async move {
            if number % 2 == 0 { hold(&sender, &referred, &slot).await } else { book(&sender, &referred, &slot).await }
        }
    }))
    .await;
    assert_eq!(won(outcomes, "slot-full"), 3);
    assert_eq!(centre.world.count("SELECT count(DISTINCT number) FROM seat_claim").await?, 3);
    centre.end().await
}

#[tokio::test]
async fn fifty_at_once_on_one_hold_confirm_one() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let referred = Arc::new(centre.accepted("R").await?);
    let (sender, desk) = (centre.sender()?, centre.desk()?);
    let slot = centre.slot_in(&referred, 24).await?;
    hold(&sender, &referred, &slot.name).await?;
    let outcomes = at_once((0..50).map(|number| {
        let who = if number % 2 == 0 { sender.clone() } else { desk.clone() };
        let referred = referred.clone();
        async move { book(&who, &referred, "").await }
    }))
    .await;
    assert_eq!(won(outcomes, "appointment-not-proposed"), 1);
    let told = "SELECT count(*) FROM appointment_change WHERE state = 'booked'";
    assert_eq!(centre.world.count(told).await?, 1, "it was confirmed more than once");
    centre.end().await
}

/// Whoever confirms a hold in its last moment, and whoever takes its seat: one of them has it.
#[tokio::test]
async fn a_hold_that_runs_out_while_it_is_confirmed_is_had_by_one() -> Result<()> {
    let quick = [("RELAIS__TIMERS__POLL_MS", "50"), ("RELAIS__BOOKING__HOLD_S", "1")];
    let centre = Centre::open_with(&quick, "Europe/Luxembourg").await?;
    centre.enter(centre.rule()).await?;
    let (holder, other) = (centre.accepted("ONE").await?, centre.accepted("TWO").await?);
    let (sender, desk) = (centre.sender()?, centre.desk()?);
    let slot = centre.slot_in(&holder, 24).await?.name;
    for round in 0..6 {
        hold(&sender, &holder, &slot).await?;
        tokio::time::sleep(std::time::Duration::from_millis(950 + 15 * round)).await;
        let (confirmed, booked) = tokio::join!(book(&sender, &holder, ""), book(&desk, &other, &slot));
        assert!(!(confirmed.is_ok() && booked.is_ok()), "both have the seat");
        let claims = centre.world.count("SELECT count(*) FROM seat_claim WHERE held_until IS NULL").await?;
        assert_eq!(claims, i64::from(confirmed.is_ok() || booked.is_ok()));
        if claims == 1 {
            break;
        }
    }
    centre.end().await
}

#[tokio::test]
async fn a_seat_that_is_given_up_while_it_is_booked_is_had_by_one() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (_, booked) = centre.booked("ONE", 24).await?;
    let all = centre.many(10).await?;
    let sender = centre.sender()?;
    let giving_up = {
        let (sender, name) = (sender.clone(), booked.name.clone());
        tokio::spawn(async move { cancel(&sender, &name, CancelReason::PatientDeclined).await })
    };
    let outcomes = at_once(all.into_iter().map(|referred| {
        let (sender, slot) = (sender.clone(), booked.slot.clone());
        async move { book(&sender, &referred, &slot).await }
    }))
    .await;
    assert!(is(&giving_up.await??, State::Cancelled));
    let won = won(outcomes, "slot-full");
    assert!(won <= 1, "{won} have the seat");
    let seated = centre.world.count("SELECT count(*) FROM seat_claim").await?;
    assert_eq!(usize::try_from(seated)?, won);
    centre.end().await
}

#[tokio::test]
async fn two_who_want_each_others_slots_keep_one_seat_each() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (_, one) = centre.booked("ONE", 24).await?;
    let (_, two) = centre.booked("TWO", 30).await?;
    let sender = centre.sender()?;
    for _ in 0..5 {
        let (first, second) =
            tokio::join!(reschedule(&sender, &one.name, &two.slot), reschedule(&sender, &two.name, &one.slot));
        for outcome in [first, second].into_iter().filter(Result::is_err) {
            assert_eq!(refused(outcome), ["slot-full"]);
        }
        assert_eq!(centre.world.count("SELECT count(DISTINCT slot_id) FROM seat_claim").await?, 2);
        assert_eq!(centre.world.count("SELECT count(*) FROM appointment WHERE state = 'booked'").await?, 2);
        let slots = [get(&sender, &one.name).await?.slot, get(&sender, &two.name).await?.slot];
        assert_ne!(slots[0], slots[1]);
    }
    centre.end().await
}

#[tokio::test]
async fn a_day_that_is_closed_while_it_is_booked_forgets_nobody() -> Result<()> {
    let mut centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let all = centre.many(6).await?;
    let slot = centre.slot_in(&all[0], 30).await?;
    let on = DateTime::from_timestamp(begins(&slot), 0).unwrap_or_default() + TimeDelta::hours(1);
    let (sender, desk) = (centre.sender()?, centre.desk()?);
    let day = on.date_naive();
    let closing = {
        let request = closures::closing(&centre, day, day, true);
        tokio::spawn(async move { desk.openings().create_closure(request).await })
    };
    let outcomes = at_once(all.into_iter().map(|referred| {
        let (sender, slot) = (sender.clone(), slot.name.clone());
        async move { book(&sender, &referred, &slot).await }
    }))
    .await;
    closing.await?.map_err(|status| anyhow::anyhow!("the day is not closed: {status:?}"))?;
    let (booked, refusals): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    for refusal in refusals.into_iter().filter_map(Result::err) {
        // Either the seat was gone, or the slot with it.
        let gone = refusal.code() == Code::NotFound && refusal.message().contains(&slot.name);
        assert!(gone || relais_tests::rules(&refusal) == ["slot-full"], "{refusal:?}");
    }
    // Whoever was told that it is booked was told that it is not, once: the day is closed.
    for told in booked.into_iter().flatten() {
        let now = get(&sender, &told.name).await?;
        assert_eq!((now.state(), now.reason.as_str()), (State::Cancelled, "site-closed"));
        let mut notices = 0;
        while notices == 0 {
            let (_, cancelled) = centre
                .until(|event| match event {
                    Event::AppointmentCancelled(cancelled) => Some(cancelled.clone()),
                    _ => None,
                })
                .await?;
            notices += usize::from(cancelled.appointment == now.name && cancelled.reason == "site-closed");
        }
    }
    for (what, none) in [
        ("somebody is booked", "SELECT count(*) FROM appointment WHERE state = 'booked'"),
        ("somebody has a seat", "SELECT count(*) FROM seat_claim"),
    ] {
        assert_eq!(centre.world.count(none).await?, 0, "{what} on a day that is closed");
    }
    let open = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM slot WHERE local_date = $1").bind(day);
    assert_eq!(open.fetch_one(&centre.world.database).await?, 0, "a closed day has slots");
    centre.end().await
}
