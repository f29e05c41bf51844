//! What scheduling and results tell: it moves what it can, and is noted where it cannot.

use anyhow::Result;
use relais_platform::{events::Event, ids::ReferralId};
use relais_proto::referral::v1::{
    GetTimelineRequest,
    referral::{NextStep, State},
    timeline_entry::What,
};
use relais_tests::{eventually, rules};

use super::*;

const FACTS: &str = "SELECT count(*) FROM referral_fact";

/// An accepted referral with a booked appointment.
async fn booked(partners: &Partners) -> Result<(Referral, Appointment)> {
    let sent = partners.submit().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let mut appointment = Appointment::of(&sent);
    appointment.tell(partners, "booked").await?;
    Ok((until(partners, &sent.name, State::Scheduled).await?, appointment))
}

#[tokio::test]
async fn from_the_booking_to_the_acknowledged_result() -> Result<()> {
    let partners = Partners::meet().await?;
    let (scheduled, mut appointment) = booked(&partners).await?;
    assert_eq!((scheduled.next_step(), &scheduled.appointment), (NextStep::SeePatient, &appointment.id.to_string()));
    let day_after = appointment.start + TimeDelta::minutes(10) + TimeDelta::days(1);
    assert_eq!(scheduled.due_time.map(|due| due.seconds), Some(day_after.timestamp()));
    appointment.tell(&partners, "arrived").await?;
    until(&partners, &scheduled.name, State::Attended).await?;
    appointment.tell(&partners, "fulfilled").await?;
    let mut report = Report::of(&scheduled);
    report.issue(&partners, "partial").await?;
    let partial = until(&partners, &scheduled.name, State::ResultsAvailable).await?;
    assert_eq!((partial.owner.as_str(), partial.next_step()), (partners.mdm.as_str(), NextStep::Acknowledge));
    report.issue(&partners, "final").await?;
    eventually("the final one is told, too", || async {
        Ok((get(&partners.desk, &scheduled.name).await?.reason == "final").then_some(()))
    })
    .await?;
    // A late partial one neither reopens nor hides; reading an older version is no acknowledgement of the last.
    report.issue(&partners, "partial").await?;
    report.acknowledge(&partners, 1).await?;
    partners.world.until_count(FACTS, 7).await?;
    let still = get(&partners.desk, &scheduled.name).await?;
    assert_eq!((still.state(), still.reason.as_str()), (State::ResultsAvailable, "final"));
    report.acknowledge(&partners, 2).await?;
    let completed = until(&partners, &scheduled.name, State::Completed).await?;
    assert_eq!((completed.owner.as_str(), completed.due_time), ("", None));
    // What is corrected after the end is somebody's turn again; what is late still is not.
    report.issue(&partners, "partial").await?;
    partners.world.until_count(FACTS, 9).await?;
    assert_eq!(get(&partners.desk, &scheduled.name).await?, completed);
    report.issue(&partners, "corrected").await?;
    let again = until(&partners, &scheduled.name, State::ResultsAvailable).await?;
    assert_eq!((&again.owner, again.next_step()), (&partners.mdm, NextStep::Acknowledge));
    assert_eq!((again.reason.as_str(), again.due_time.is_some()), ("corrected", true));
    report.acknowledge(&partners, report.issued).await?;
    until(&partners, &scheduled.name, State::Completed).await?;
    partners.world.end().await
}

#[tokio::test]
async fn a_wrong_no_show_is_undone_where_it_was_said() -> Result<()> {
    let partners = Partners::meet().await?;
    let (scheduled, mut appointment) = booked(&partners).await?;
    appointment.tell(&partners, "noshow").await?;
    let missed = until(&partners, &scheduled.name, State::NoShow).await?;
    assert_eq!((missed.owner.as_str(), missed.next_step()), (partners.provider.as_str(), NextStep::BookAgain));
    let refused = undo_referral(&partners.lab, &scheduled.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["fact-of-another-service"]);
    appointment.tell(&partners, "arrived").await?;
    until(&partners, &scheduled.name, State::Attended).await?;
    appointment.tell(&partners, "booked").await?;
    until(&partners, &scheduled.name, State::Scheduled).await?;
    appointment.tell(&partners, "entered-in-error").await?;
    until(&partners, &scheduled.name, State::Accepted).await?;
    partners.world.end().await
}

#[tokio::test]
async fn who_was_said_not_to_have_come_is_seen_though_another_appointment_is_proposed() -> Result<()> {
    let partners = Partners::meet().await?;
    let (scheduled, mut first) = booked(&partners).await?;
    first.tell(&partners, "noshow").await?;
    until(&partners, &scheduled.name, State::NoShow).await?;
    let mut second = Appointment::of(&scheduled);
    second.version = 1;
    let proposed = told::AppointmentProposed { appointment: second.id.to_string(), referral: scheduled.name.clone() };
    partners.world.tap.publish(second.id.0, 1, proposed).await?;
    partners.world.until_count("SELECT count(*) FROM referral_appointment WHERE state = 'proposed'", 1).await?;
    first.tell(&partners, "fulfilled").await?;
    let attended = until(&partners, &scheduled.name, State::Attended).await?;
    assert_eq!(attended.appointment, first.id.to_string());
    // The other one is given up: that changes nothing.
    second.give_up(&partners).await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE state = 'cancelled'", 1).await?;
    assert_eq!(get(&partners.lab, &scheduled.name).await?, attended);
    partners.world.end().await
}

#[tokio::test]
async fn a_cancellation_that_arrives_while_the_work_is_done_is_refused_and_told() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (scheduled, mut appointment) = booked(&partners).await?;
    let asked = cancel_referral(&partners.desk, &scheduled.name).await?;
    assert_eq!((asked.state(), asked.next_step()), (State::CancelRequested, NextStep::AnswerCancellation));
    assert_eq!((asked.owner.as_str(), asked.reason.as_str()), (partners.provider.as_str(), "patient-declined"));
    appointment.tell(&partners, "fulfilled").await?;
    let done = until(&partners, &scheduled.name, State::Attended).await?;
    assert_eq!(done.reason, "work-already-done");
    let refused = cancel_referral(&partners.desk, &scheduled.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["work-already-done"]);
    let refused = enter_in_error(&partners.desk, &scheduled.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["work-already-done"], "by no other name either");
    let mut told = Vec::new();
    for _ in 0..5 {
        // What the test tells itself passes by, too.
        loop {
            match partners.world.tap.next().await?.1 {
                Event::ReferralMoved(moved) => {
                    break told.push(format!("{}>{} {}", moved.previous, moved.state, moved.reason));
                }
                Event::ReferralSubmitted(_) => break,
                _ => {}
            }
        }
    }
    assert_eq!(told.last().map(String::as_str), Some("cancel-requested>attended work-already-done"));
    partners.world.end().await
}

#[tokio::test]
async fn a_cancellation_is_confirmed_or_declined_by_the_provider() -> Result<()> {
    let partners = Partners::meet().await?;
    let (first, _) = booked(&partners).await?;
    cancel_referral(&partners.desk, &first.name).await?;
    let back = decline_cancellation(&partners.lab, &first.name).await?;
    assert_eq!((back.state(), back.reason.as_str()), (State::Scheduled, "cancellation-declined"));
    let (second, mut appointment) = booked(&partners).await?;
    cancel_referral(&partners.desk, &second.name).await?;
    let gone = confirm_cancellation(&partners.lab, &second.name).await?;
    assert_eq!((gone.state(), gone.reason.as_str()), (State::Cancelled, "patient-declined"));
    // Done all the same: noted, and never attached to what is closed.
    appointment.tell(&partners, "fulfilled").await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE state = 'fulfilled'", 1).await?;
    assert_eq!(get(&partners.desk, &second.name).await?, gone);
    partners.world.end().await
}

#[tokio::test]
async fn an_appointment_that_is_given_up_leaves_the_referral_open_and_the_next_one_counts() -> Result<()> {
    let partners = Partners::meet().await?;
    let (scheduled, mut first) = booked(&partners).await?;
    first.give_up(&partners).await?;
    let given_up = until(&partners, &scheduled.name, State::AppointmentCancelled).await?;
    assert_eq!((given_up.reason.as_str(), given_up.next_step()), ("site-closed", NextStep::BookAgain));
    let mut second = Appointment::of(&scheduled);
    second.tell(&partners, "booked").await?;
    until(&partners, &scheduled.name, State::Scheduled).await?;
    // Told late of the one before: history.
    first.tell(&partners, "noshow").await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE state = 'noshow'", 1).await?;
    let now = get(&partners.desk, &scheduled.name).await?;
    assert_eq!((now.state(), now.appointment), (State::Scheduled, second.id.to_string()));
    second.start += TimeDelta::days(2);
    second.tell(&partners, "booked").await?;
    eventually("its deadline moves with it", || async {
        let due = get(&partners.lab, &scheduled.name).await?.due_time.map(|due| due.seconds);
        Ok((due == Some((second.start + TimeDelta::minutes(10) + TimeDelta::days(1)).timestamp())).then_some(()))
    })
    .await?;
    partners.world.end().await
}

/// Messages of two appointments come in any order: the end of the one before does not wait for the next one.
#[tokio::test]
async fn an_appointment_that_is_given_up_is_heard_of_though_the_next_one_was_told_first() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let (mut first, mut second) = (Appointment::of(&sent), Appointment::of(&sent));
    second.version = 1;
    let proposed = told::AppointmentProposed { appointment: second.id.to_string(), referral: sent.name.clone() };
    partners.world.tap.publish(second.id.0, 1, proposed).await?;
    partners.world.until_count("SELECT count(*) FROM referral_appointment WHERE state = 'proposed'", 1).await?;
    first.tell(&partners, "booked").await?;
    until(&partners, &sent.name, State::Scheduled).await?;
    first.give_up(&partners).await?;
    let given_up = until(&partners, &sent.name, State::AppointmentCancelled).await?;
    assert_eq!(given_up.appointment, second.id.to_string(), "the one that can be booked");
    second.tell(&partners, "booked").await?;
    assert_eq!(until(&partners, &sent.name, State::Scheduled).await?.appointment, second.id.to_string());
    partners.world.end().await
}

#[tokio::test]
async fn who_walks_in_is_seen_straight_from_accepted_and_before_that_it_waits() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let mut appointment = Appointment::of(&sent);
    appointment.tell(&partners, "arrived").await?;
    partners.world.until_count(FACTS, 1).await?;
    assert_eq!(get(&partners.lab, &sent.name).await?.state(), State::Submitted, "nobody has accepted it");
    let accepted = accept_referral(&partners.lab, &sent.name).await?;
    assert_eq!((accepted.state(), accepted.etag.as_str()), (State::Attended, "3"), "two steps, two versions");
    partners.world.end().await
}

#[tokio::test]
async fn what_is_told_of_no_referral_is_attached_to_none() -> Result<()> {
    let partners = Partners::meet_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "3")]).await?;
    let nobody = Referral { name: ReferralId(Uuid::now_v7()).to_string(), ..Default::default() };
    let (mut appointment, mut report) = (Appointment::of(&nobody), Report::of(&nobody));
    appointment.tell(&partners, "fulfilled").await?;
    report.issue(&partners, "final").await?;
    partners.world.until_count("SELECT count(*) FROM parked WHERE state = 'parked' AND attempt = 3", 2).await?;
    // What cannot be read is parked at once.
    let sent = partners.submit().await?;
    Appointment::of(&sent).tell(&partners, "burnt").await?;
    Report::of(&sent).issue(&partners, "burnt").await?;
    partners.world.until_count("SELECT count(*) FROM parked WHERE state = 'parked'", 4).await?;
    assert_eq!(partners.world.count(FACTS).await?, 0);
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_report").await?, 0);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_told_twice_counts_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let (scheduled, mut appointment) = booked(&partners).await?;
    let moved = appointment.moved("arrived");
    for _ in 0..3 {
        // Other messages with the same body in the same version, as after a rebuild.
        partners.world.tap.publish(appointment.id.0, appointment.version, moved.clone()).await?;
    }
    let attended = until(&partners, &scheduled.name, State::Attended).await?;
    assert_eq!(attended.etag, "4");
    let request = GetTimelineRequest { patient: partners.patient.clone(), ..Default::default() };
    let entries = partners.desk.referrals().get_timeline(request).await?.into_inner().entries;
    let facts = entries.iter().filter(|entry| matches!(entry.what, Some(What::Appointment(_)))).count();
    assert_eq!((entries.len(), facts), (6, 2));
    partners.world.end().await
}
