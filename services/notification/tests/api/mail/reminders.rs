//! Reminders of appointments: to the patient, or to whoever looks after one whom nobody reaches.

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use relais_platform::{calls::check::time_to_proto, clock::machine_now, ids::AppointmentId};
use relais_proto::{
    events::v1::{AppointmentCancelled, AppointmentMoved},
    notification::v1::{ListMessagesRequest, Message, ReplayDeliveryRequest, message::Kind},
    operations::v1::AdvanceClockRequest,
    referral::v1::{ResolveContactRequest, ResolveContactResponse, resolve_contact_request::Whom},
};
use relais_tests::{Identity, Manner, Session, Told, request_id, rules};
use tonic::{Code, Status};

use super::{MARK, Post, deliveries, everybody};

fn tomorrow() -> chrono::DateTime<Utc> {
    machine_now() + TimeDelta::days(1)
}

async fn list(session: &Session) -> Result<Vec<Message>> {
    Ok(session.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages)
}

/// One without a telephone and an e-mail address, whose social worker stands in.
fn stood_in(asked: &ResolveContactRequest) -> Result<ResolveContactResponse, Status> {
    Ok(ResolveContactResponse { stands_in: asked.whom() == Whom::Patient, language: "en".into(), ..everybody(asked)? })
}

/// The referrals whose number the tests end in a zero have nobody at all.
fn nobody(asked: &ResolveContactRequest) -> Result<ResolveContactResponse, Status> {
    match asked.whom() {
        Whom::Patient => Ok(ResolveContactResponse::default()),
        _ => everybody(asked),
    }
}

#[tokio::test]
async fn a_patient_is_reminded_once_and_told_whom_to_call() -> Result<()> {
    let post = Post::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    post.book.answer(everybody);
    let start = "2060-07-01T07:30:00Z".parse()?;
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, start)).await?;
    // The same time again is the same effect; another time is another one.
    post.world.tap.publish(appointment.0, 2, told.reminder(appointment, start)).await?;
    post.world.tap.publish(appointment.0, 3, told.reminder(appointment, start + TimeDelta::days(1))).await?;
    let mut texts: Vec<_> = post.smtp.until_taken(2).await?.iter().map(relais_tests::Mail::text).collect();
    texts.sort();
    assert_eq!(
        texts[0].trim_end(),
        "Vous avez un rendez-vous le jeudi 1er juillet 2060 à 09:30.\nEn cas d’empêchement, appelez le +352 27 00 00 01."
    );
    assert!(texts[1].contains("vendredi 2 juillet"), "{texts:?}");
    let mail = &post.smtp.taken()[0];
    assert_eq!(
        (mail.to.clone(), mail.header("Subject")),
        (format!("patient.{MARK}@relais.test"), "Rappel de rendez-vous".into())
    );
    assert!(!mail.data.contains("AAAA-BBBB"), "a patient's mail names no file");
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 2).await?;
    assert_eq!(post.world.count("SELECT count(*) FROM message").await?, 0);
    post.end().await
}

#[tokio::test]
async fn whoever_stands_in_is_told_for_whom() -> Result<()> {
    let post = Post::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    post.book.answer(stood_in);
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, "2060-07-01T07:30:00Z".parse()?)).await?;
    let text = post.smtp.until_taken(1).await?[0].text();
    let expected = "The person of referral AAAA-BBBB-CCC has an appointment on Thursday 1 July 2060 at 09:30. Please remind them of it.";
    assert_eq!(text.trim_end(), expected);
    post.end().await
}

/// The trap: a reminder job that stopped for everybody at the first patient without a telephone.
#[tokio::test]
async fn a_patient_whom_nobody_reaches_stops_no_other_and_is_told_of() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CC0");
    post.book.answer(nobody);
    let appointment = AppointmentId::draw();
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, tomorrow())).await?;
    let admin = post.admin(&told)?;
    let failed = post.until_state(&admin, "FAILED").await?;
    assert_eq!((failed.reason.as_str(), failed.attempt_count, failed.mailbox), ("no-address", 0, told.desk_name()));
    let desk = list(&post.world.session(&told.sender())?).await?;
    assert_eq!((desk.len(), desk[0].kind(), desk[0].reason.as_str()), (1, Kind::DeliveryFailed, "no-address"));
    assert_eq!((desk[0].about.as_str(), desk[0].referral_number.as_str()), (failed.name.as_str(), "AAAA-BBBB-CC0"));

    post.book.answer(everybody);
    for n in 1..4 {
        let (next, appointment) = (told.another(&format!("AAAA-BBBB-CC{n}")), AppointmentId::draw());
        post.world.tap.publish(appointment.0, 1, next.reminder(appointment, tomorrow())).await?;
    }
    post.smtp.until_taken(3).await?;
    // The address was found meanwhile.
    let request = ReplayDeliveryRequest { name: failed.name, request_id: request_id() };
    admin.deliveries().replay_delivery(request).await?;
    post.smtp.until_taken(4).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 4).await?;
    post.end().await
}

/// The trap: a reminder that waits goes out after its appointment was moved or given up, and sends the patient to a visit that is not
/// there.
#[tokio::test]
async fn a_reminder_that_waits_is_not_sent_of_a_time_that_was_moved_or_given_up() -> Result<()> {
    let post = Post::start_with(&[("RELAIS__MAIL__RETRY_FIRST_MS", "600000")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let [moved, given_up, kept] = [(); 3].map(|()| AppointmentId::draw());
    let (first, second) = ("2060-07-01T07:30:00Z".parse()?, "2060-07-05T07:30:00Z".parse()?);
    // One waits for the mail server, the others for who knows the address.
    post.book.answer(everybody);
    post.smtp.treat_all(Manner::Defer);
    post.world.tap.publish(moved.0, 1, told.reminder(moved, first)).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE reason = 'deferred'", 1).await?;
    post.book.answer(|_| Err(Status::unavailable("away")));
    for appointment in [given_up, kept] {
        post.world.tap.publish(appointment.0, 1, told.reminder(appointment, first)).await?;
    }
    post.world.until_count("SELECT count(*) FROM delivery WHERE reason = 'contact-unavailable'", 2).await?;

    post.world.tap.publish(moved.0, 2, told.booked(moved, second)).await?;
    post.world.tap.publish(moved.0, 3, told.reminder(moved, second)).await?;
    let gone = AppointmentCancelled { appointment: given_up.to_string(), ..AppointmentCancelled::default() };
    post.world.tap.publish(given_up.0, 2, gone).await?;
    // It stands where it stood: confirmed, or told anew.
    post.world.tap.publish(kept.0, 2, told.booked(kept, first)).await?;
    let withdrawn = "SELECT count(*) FROM delivery WHERE state = 'discarded' AND reason = 'appointment-changed'";
    post.world.until_count(withdrawn, 2).await?;
    post.smtp.treat_all(Manner::Take);
    post.book.answer(everybody);
    let mut texts: Vec<_> = post.smtp.until_taken(2).await?.iter().map(relais_tests::Mail::text).collect();
    texts.sort();
    assert!(texts[0].contains("jeudi 1er juillet") && texts[1].contains("lundi 5 juillet"), "{texts:?}");
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 2).await?;
    // The patient is expected at the first time again, of which nobody was told yet.
    post.world.tap.publish(moved.0, 4, told.booked(moved, first)).await?;
    assert_eq!(post.smtp.until_taken(3).await?.len(), 3);
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 3).await?;
    post.end().await
}

/// What failed is not tried again by hand either, once the patient is there or is not expected any more.
#[tokio::test]
async fn a_reminder_that_failed_is_not_sent_again_of_a_time_that_is_no_more() -> Result<()> {
    let post = Post::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CC0"), AppointmentId::draw());
    post.book.answer(nobody);
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, tomorrow())).await?;
    let admin = post.admin(&told)?;
    let failed = post.until_state(&admin, "FAILED").await?;
    let there = AppointmentMoved { state: "arrived".into(), ..told.booked(appointment, tomorrow()) };
    post.world.tap.publish(appointment.0, 2, there).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE withdrawn", 1).await?;
    let request = ReplayDeliveryRequest { name: failed.name, request_id: request_id() };
    let refused = admin.deliveries().replay_delivery(request).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["appointment-unchanged".into()]));
    post.end().await
}

#[tokio::test]
async fn a_reminder_that_comes_too_late_is_not_sent() -> Result<()> {
    let post = Post::start().await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    // Nobody says where the patient is reached until the appointment is past.
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, tomorrow())).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE reason = 'contact-unavailable'", 1).await?;
    let operator = post.lasting(&Identity::new("operator", "operator"))?;
    let time = Some(time_to_proto(tomorrow() + TimeDelta::days(1)));
    operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    let admin = post.admin(&told)?;
    let failed = post.until_state(&admin, "FAILED").await?;
    assert_eq!(failed.reason, "too-late");
    post.world
        .until_count("SELECT count(*) FROM message WHERE kind = 'delivery-failed' AND reason = 'too-late'", 1)
        .await?;
    post.book.answer(everybody);
    let request = ReplayDeliveryRequest { name: failed.name, request_id: request_id() };
    let refused = admin.deliveries().replay_delivery(request).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["delivery-in-time".into()]));
    assert_eq!(post.smtp.mails().len(), 0);
    assert_eq!(deliveries(&admin).await?.len(), 1);
    post.end().await
}

/// Where no mail server is set up, whoever sent the patient is told, and can call.
#[tokio::test]
async fn without_a_mail_server_the_sender_is_told() -> Result<()> {
    let post = Post::start_with(&[("RELAIS__MAIL__URL", "")]).await?;
    let (told, appointment) = (Told::new("AAAA-BBBB-CCC"), AppointmentId::draw());
    post.world.tap.publish(appointment.0, 1, told.reminder(appointment, tomorrow())).await?;
    let failed = post.until_state(&post.admin(&told)?, "FAILED").await?;
    assert_eq!(failed.reason, "no-transport");
    let desk = list(&post.world.session(&told.sender())?).await?;
    assert_eq!(desk.iter().map(Message::kind).collect::<Vec<_>>(), [Kind::DeliveryFailed]);
    assert_eq!(post.book.asked().len(), 0, "nobody is asked for an address that is of no use");
    post.end().await
}
