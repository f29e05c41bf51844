//! Who hears of which step, and of none twice.

use anyhow::Result;
use chrono::{DateTime, Utc};
use relais_notification::Notification;
use relais_platform::{
    calls::check::time_to_proto,
    ids::{AppointmentId, Child, UnitId},
};
use relais_proto::{
    events::v1,
    notification::v1::{ListMessagesRequest, Message, message::Kind},
};
use relais_tests::{Identity, Session, Told, World};
use uuid::Uuid;

const MESSAGES: &str = "SELECT count(*) FROM message";

async fn list(session: &Session, language: &str) -> Result<Vec<Message>> {
    let request = ListMessagesRequest { language: language.into(), ..Default::default() };
    Ok(session.inbox().list_messages(request).await?.into_inner().messages)
}

fn start() -> DateTime<Utc> {
    "2026-07-14T07:30:00Z".parse().unwrap_or_default()
}

#[tokio::test]
async fn a_referral_is_told_step_by_step_to_whoever_waits_for_it() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let rejected = v1::ReferralMoved { reason: "no-capacity".into(), ..told.moved("rejected") };
    let overdue = v1::ReferralOverdue {
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        state: "submitted".into(),
        owner: told.provider.to_string(),
        due_time: Some(time_to_proto(start())),
    };
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.publish(told.id.0, 2, overdue).await?;
    world.tap.publish(told.id.0, 3, told.moved("awaiting-information")).await?;
    world.tap.publish(told.id.0, 4, told.moved("submitted")).await?;
    world.tap.publish(told.id.0, 5, told.moved("scheduled")).await?;
    world.tap.publish(told.id.0, 6, rejected).await?;
    world.until_count(MESSAGES, 6).await?;
    let states = |messages: Vec<Message>| messages.into_iter().rev().map(|m| (m.kind(), m.state)).collect::<Vec<_>>();
    let desk = list(&world.session(&told.sender())?, "").await?;
    assert_eq!((desk[0].reason.as_str(), desk[0].referral_number.as_str()), ("no-capacity", "AAAA-BBBB-CCC"));
    assert_eq!(desk[0].text, "Referral AAAA-BBBB-CCC: it is rejected.");
    let expected = ["awaiting-information", "rejected"].map(|state| (Kind::ReferralMoved, state.to_string()));
    assert_eq!(states(desk), expected);
    let provider = list(&world.session(&told.receiver())?, "fr").await?;
    assert_eq!(provider[0].text, "Dossier AAAA-BBBB-CCC : les informations demandées sont là.");
    let late = |state: &str| (Kind::ReferralOverdue, state.to_string());
    let expected =
        [(Kind::ReferralSubmitted, String::new()), late("submitted"), (Kind::ReferralMoved, "submitted".into())];
    assert_eq!(states(provider), expected);
    let coordinator = list(&world.session(&told.overseer())?, "").await?;
    assert_eq!(coordinator[0].due_time, Some(time_to_proto(start())));
    assert_eq!(states(coordinator), [late("submitted")]);
    assert_eq!(list(&world.session(&Told::stranger())?, "").await?, []);
    world.end().await
}

/// The step that follows from an appointment is told by the appointment alone, and its confirmation by nobody.
#[tokio::test]
async fn an_appointment_is_told_once_and_with_its_time() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    let booked = told.booked(appointment, start());
    let confirmed = v1::AppointmentMoved { previous: "booked".into(), confirmed: true, ..booked.clone() };
    let walk_in = v1::AppointmentMoved { walk_in: true, ..told.booked(AppointmentId::draw(), start()) };
    let missed = v1::AppointmentMoved { state: "noshow".into(), ..confirmed.clone() };
    let given_up = |organisation: String| v1::AppointmentCancelled {
        appointment: appointment.to_string(),
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        organisation,
        ..Default::default()
    };
    let events: [v1::AppointmentMoved; 3] = [booked, confirmed, missed];
    for (version, event) in (1..).zip(events) {
        world.tap.publish(appointment.0, version, event).await?;
    }
    world.tap.publish(appointment.0, 4, given_up(String::new())).await?;
    world.tap.publish(appointment.0, 5, given_up(told.referrer.to_string())).await?;
    world.tap.publish(Uuid::now_v7(), 1, walk_in).await?;
    // An event from before bookings, which tells of no parties.
    let old = v1::AppointmentCancelled { appointment: AppointmentId::draw().to_string(), ..Default::default() };
    world.tap.publish(Uuid::now_v7(), 1, old).await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    for (version, state) in (2..).zip(["accepted", "scheduled", "no-show", "appointment-cancelled"]) {
        world.tap.publish(told.id.0, version, told.moved(state)).await?;
    }
    world.until_count("SELECT count(*) FROM consumed_version WHERE version = 5", 2).await?;
    world.until_count("SELECT count(*) FROM inbox", 12).await?;
    let desk = list(&world.session(&told.sender())?, "fr").await?;
    let mut kinds: Vec<_> = desk.iter().map(|message| (message.kind(), message.state.as_str())).collect();
    kinds.sort();
    let expected =
        [(Kind::ReferralMoved, "accepted"), (Kind::AppointmentMoved, "booked"), (Kind::AppointmentMoved, "noshow")];
    assert_eq!(kinds, expected, "{desk:?}");
    let booked = desk.iter().find(|message| message.state == "booked").cloned().unwrap_or_default();
    assert_eq!(booked.text, "Dossier AAAA-BBBB-CCC : rendez-vous le mardi 14 juillet 2026 à 09:30.");
    assert_eq!((booked.start_time, booked.about), (Some(time_to_proto(start())), appointment.to_string()));
    let provider = list(&world.session(&told.receiver())?, "").await?;
    let kinds: Vec<_> = provider.iter().map(Message::kind).collect();
    assert!(kinds.contains(&Kind::AppointmentCancelled) && kinds.contains(&Kind::ReferralSubmitted), "{kinds:?}");
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert_eq!(world.count("SELECT count(*) FROM parked").await?, 0);
    world.end().await
}

/// What a convention says of the day of an appointment is news to both sides: whoever booked waits for it, too.
#[tokio::test]
async fn a_judgement_is_told_to_both_sides_and_that_it_is_awaited_when_it_takes_long() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    let booked = told.booked(appointment, start());
    let state = |state: &str, previous: &str| v1::AppointmentMoved {
        state: state.into(),
        previous: previous.into(),
        ..booked.clone()
    };
    let asked = v1::AppointmentMoved { organisation: told.provider.to_string(), ..state("pending", "proposed") };
    let again = v1::AppointmentMoved { reason: "judgement-overdue".into(), ..state("pending", "pending") };
    for (version, event) in (1..).zip([asked, again, state("booked", "pending")]) {
        world.tap.publish(appointment.0, version, event).await?;
    }
    let refused = v1::AppointmentCancelled {
        appointment: appointment.to_string(),
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        reason: "convention-not-in-force".into(),
        ..Default::default()
    };
    let ended = v1::AppointmentCancelled { reason: "referral-ended".into(), ..refused.clone() };
    let superseded = v1::AppointmentCancelled { reason: "superseded".into(), ..refused.clone() };
    for (version, event) in (4..).zip([refused, ended, superseded]) {
        world.tap.publish(appointment.0, version, event).await?;
    }
    world.until_count("SELECT count(*) FROM consumed_version WHERE version = 6", 1).await?;
    for reader in [told.sender(), told.receiver()] {
        let mut messages = list(&world.session(&reader)?, "en").await?;
        messages.reverse();
        let kinds: Vec<_> = messages.iter().map(|message| (message.kind(), message.state.as_str())).collect();
        let expected =
            [(Kind::AppointmentMoved, "pending"), (Kind::AppointmentMoved, "booked"), (Kind::AppointmentCancelled, "")];
        assert_eq!(kinds, expected, "{}", reader.subject);
        assert_eq!(messages[2].reason, "convention-not-in-force");
        assert!(messages[0].text.contains("does not say yet"), "{}", messages[0].text);
    }
    world.end().await
}

/// A report is laid before the unit that the convention names: not the desk that sent the patient, nor the provider.
#[tokio::test]
async fn a_report_is_told_to_its_recipient_alone() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let (told, report, clinic) = (Told::new("AAAA-BBBB-CCC"), Uuid::now_v7(), UnitId::draw());
    let clinic_name = Child::new(told.referrer, clinic).to_string();
    let released = v1::ReportReleased {
        report: format!("reports/{report}"),
        report_version: 1,
        status: "final".into(),
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        unit: clinic_name.clone(),
        ..Default::default()
    };
    let acknowledged = v1::ReportAcknowledged {
        report: format!("reports/{report}"),
        status: "final".into(),
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        ..Default::default()
    };
    let put_aside = v1::ReportQuarantined {
        report: format!("reports/{}", Uuid::now_v7()),
        organisation: told.provider.to_string(),
        reason: "wrong-patient".into(),
    };
    world.tap.publish(report, 1, released).await?;
    world.tap.publish(report, 2, acknowledged).await?;
    world.tap.publish(Uuid::now_v7(), 1, put_aside).await?;
    world.until_count(MESSAGES, 3).await?;
    let clinician = Identity::new("doctor", "clinician").of(&told.referrer.to_string()).at(&clinic_name);
    let read = list(&world.session(&clinician)?, "").await?;
    let read: Vec<_> = read.iter().map(|m| (m.kind(), m.state.as_str(), m.about.clone())).collect();
    assert_eq!(read, [(Kind::ReportReleased, "final", format!("reports/{report}"))]);
    assert_eq!(list(&world.session(&told.sender())?, "").await?, [], "the desk is told of no report");
    let provider = list(&world.session(&told.receiver())?, "").await?;
    let mut told_provider: Vec<_> = provider.iter().map(|m| (m.kind(), m.referral.is_empty())).collect();
    told_provider.sort();
    assert_eq!(told_provider, [(Kind::ReportQuarantined, true), (Kind::ReportAcknowledged, false)]);
    assert_eq!(world.count("SELECT count(*) FROM message WHERE reason = 'wrong-patient'").await?, 1);
    world.end().await
}

#[tokio::test]
async fn whoever_took_a_step_is_not_told_of_it() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let by = told.provider.to_string();
    let cancelled = v1::ReferralCancelled { organisation: by.clone(), ..told.cancelled() };
    let undone = v1::ReferralMoved { undone: true, organisation: by, ..told.moved("scheduled") };
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.publish(told.id.0, 2, undone).await?;
    world.tap.publish(told.id.0, 3, cancelled).await?;
    world.until_count(MESSAGES, 3).await?;
    let desk = list(&world.session(&told.sender())?, "fr").await?;
    let texts: Vec<_> = desk.iter().map(|message| message.text.as_str()).collect();
    let expected =
        ["Dossier AAAA-BBBB-CCC : la demande est annulée.", "Dossier AAAA-BBBB-CCC : la dernière étape est annulée."];
    assert_eq!(texts, expected);
    assert!(desk[1].undone);
    assert_eq!(list(&world.session(&told.receiver())?, "").await?.len(), 1);
    world.end().await
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked_and_stops_no_other() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    let timeless = v1::AppointmentReminderDue { start_time: None, ..told.reminder(appointment, start()) };
    let nameless = v1::ReferralMoved { organisation: "nobody".into(), ..told.moved("accepted") };
    world.tap.publish(appointment.0, 1, timeless).await?;
    world.tap.publish(Uuid::now_v7(), 1, nameless).await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(MESSAGES, 1).await?;
    world.until_count("SELECT count(*) FROM parked WHERE state = 'parked'", 2).await?;
    world.end().await
}

/// An offer is told to both sides, and so is that nobody took it; that somebody declined it, to the other side.
#[tokio::test]
async fn an_offer_is_told_to_both_sides_and_what_became_of_it() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let offered = v1::ReferralOffered {
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        owner: told.provider.to_string(),
        expire_time: Some(time_to_proto(start())),
    };
    let back = |reason: &str| v1::ReferralMoved { reason: reason.into(), ..told.moved("waitlisted") };
    let declined = v1::ReferralMoved { organisation: told.referrer.to_string(), ..back("offer-declined") };
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.publish(told.id.0, 2, offered).await?;
    world.tap.publish(told.id.0, 3, back("offer-lapsed")).await?;
    world.tap.publish(told.id.0, 4, declined).await?;
    world.until_count(MESSAGES, 6).await?;
    let offer = |state: &str| (Kind::ReferralOffered, state.to_string());
    let states = |messages: &[Message]| messages.iter().rev().map(|m| (m.kind(), m.state.clone())).collect::<Vec<_>>();
    let desk = list(&world.session(&told.sender())?, "").await?;
    assert_eq!(states(&desk), [offer("made"), offer("lapsed")]);
    assert_eq!(desk[1].due_time, Some(time_to_proto(start())), "until when the place is kept");
    let provider = list(&world.session(&told.receiver())?, "fr").await?;
    assert_eq!(states(&provider)[1..], [offer("made"), offer("lapsed"), offer("declined")]);
    assert!(provider[2].text.contains("une place s’est libérée"), "{}", provider[2].text);
    world.end().await
}

/// A line that comes to a threshold is about no referral: both partners hear of the line, the percentage and the convention.
#[tokio::test]
async fn a_threshold_is_told_to_both_partners() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let (told, meter) = (Told::new("AAAA-BBBB-CCC"), Uuid::now_v7());
    let parties = told.parties().into_iter().map(|party| v1::Party { unit: String::new(), ..party }).collect();
    let convention = format!("conventions/{}", Uuid::now_v7());
    let crossed = v1::MeterThresholdCrossed {
        convention: convention.clone(),
        convention_display_name: "Analyses for arrivals".into(),
        line_id: "places".into(),
        percent: 90,
        committed: 50,
        reserved: 40,
        used: 5,
        parties,
        ..Default::default()
    };
    world.tap.publish(meter, 1, crossed).await?;
    world.until_count(MESSAGES, 3).await?;
    for organisation in [told.referrer, told.provider, told.coordinator] {
        let desk = world.session(&Identity::new("desk", "desk").of(&organisation.to_string()))?;
        let message = list(&desk, "fr").await?.remove(0);
        assert_eq!((message.kind(), &message.about, message.state.as_str()), (Kind::MeterThreshold, &convention, "90"));
        assert_eq!((message.reason.as_str(), message.referral.as_str()), ("places", ""));
        let told = ["Convention « Analyses for arrivals »", "places", "90"].map(|word| message.text.contains(word));
        assert_eq!(told, [true; 3], "{}", message.text);
    }
    world.end().await
}
