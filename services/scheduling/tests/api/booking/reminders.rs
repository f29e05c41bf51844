//! Reminders: once for each time of an appointment, so long before it, and not of what was given up.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::events::Event;
use relais_proto::scheduling::v1::CancelReason;

use super::*;

const SENT: &str = "SELECT count(*) FROM outbox_sent WHERE type = 'relais.scheduling.appointment.reminder-due.v1'";
const SET: &str = "SELECT count(*) FROM timer WHERE kind = 'remind_patient'";

fn starts(appointment: &Appointment) -> DateTime<Utc> {
    let seconds = appointment.start_time.map(|time| time.seconds).unwrap_or_default();
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

#[tokio::test]
async fn a_patient_is_reminded_once_of_each_time() -> Result<()> {
    let mut centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (referred, booked) = centre.booked("R", 100).await?;
    let later = centre.slot_in(&referred, 140).await?;
    let moved = reschedule(&centre.sender()?, &booked.name, &later.name).await?;
    assert_eq!(centre.world.count(SET).await?, 1, "the old time has a reminder of its own");
    // The old time would be due; the new one is.
    centre.advance(starts(&booked) - TimeDelta::hours(47)).await?;
    centre.advance(starts(&moved) - TimeDelta::hours(48) + TimeDelta::seconds(1)).await?;
    let reminder = |event: &Event| match event {
        Event::AppointmentReminderDue(told) => Some(told.clone()),
        _ => None,
    };
    let (version, told) = centre.until(reminder).await?;
    assert_eq!((version, told.start_time, told.number.as_str()), (4, moved.start_time, "R"));
    assert_eq!((told.time_zone.as_str(), told.site, told.parties.len()), ("Europe/Luxembourg", moved.site.clone(), 3));
    centre.advance(starts(&moved) - TimeDelta::hours(1)).await?;
    centre.world.until_count(SET, 0).await?;
    centre.world.until_count("SELECT count(*) FROM outbox", 0).await?;
    assert_eq!(centre.world.count(SENT).await?, 1);
    centre.end().await
}

#[tokio::test]
async fn nobody_is_reminded_of_what_was_given_up_or_has_just_been_spoken_of() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(centre.rule()).await?;
    let (_, given_up) = centre.booked("GIVEN-UP", 100).await?;
    centre.booked("NEAR", 24).await?;
    assert_eq!(centre.world.count(SET).await?, 1, "one that is nearer than the reminder has one");
    cancel(&centre.sender()?, &given_up.name, CancelReason::PatientDeclined).await?;
    assert_eq!(centre.world.count(SET).await?, 0);
    centre.advance(starts(&given_up)).await?;
    centre.world.until_count("SELECT count(*) FROM outbox", 0).await?;
    assert_eq!(centre.world.count(SENT).await?, 0);
    centre.end().await
}

/// How long before is a setting.
#[tokio::test]
async fn the_time_of_reminders_is_a_setting() -> Result<()> {
    let settings = [("RELAIS__TIMERS__POLL_MS", "50"), ("RELAIS__BOOKING__REMINDER_HOURS", "2")];
    let mut centre = Centre::open_with(&settings, "Europe/Luxembourg").await?;
    centre.enter(centre.rule()).await?;
    let (_, booked) = centre.booked("R", 24).await?;
    centre.advance(starts(&booked) - TimeDelta::hours(3)).await?;
    centre.world.until_count("SELECT count(*) FROM outbox", 0).await?;
    assert_eq!(centre.world.count(SENT).await?, 0);
    centre.advance(starts(&booked) - TimeDelta::hours(2) + TimeDelta::seconds(1)).await?;
    centre.until(|event| matches!(event, Event::AppointmentReminderDue(_)).then_some(())).await?;
    centre.end().await
}
