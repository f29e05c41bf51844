//! What a mailbox wants by mail, and when.

use anyhow::Result;
use chrono::TimeDelta;
use relais_notification::Notification;
use relais_platform::{
    calls::check::time_to_proto,
    clock::machine_now,
    ids::{Child, UnitId},
};
use relais_proto::{
    events::v1::ReportReleased,
    notification::v1::{
        GetMailPreferencesRequest, ListMessagesRequest, MailPreferences, UpdateMailPreferencesRequest,
        mail_preferences::{Class, QuietHours},
        message::Kind,
    },
    operations::v1::AdvanceClockRequest,
};
use relais_tests::{Identity, Session, Told, request_id, violations};
use tonic::Code;
use uuid::Uuid;

use super::{Post, deliveries, everybody, subscribe};

async fn wanted(session: &Session) -> Result<MailPreferences> {
    let answer = session.inbox().get_mail_preferences(GetMailPreferencesRequest {}).await?.into_inner();
    Ok(answer.preferences.unwrap_or_default())
}

async fn advance(post: &Post, hours: i64) -> Result<()> {
    let operator = post.lasting(&Identity::new("operator", "operator"))?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::hours(hours)));
    operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    Ok(())
}

/// The local minute of the present in UTC, so many hours on.
fn minute(hours: i64) -> i32 {
    use chrono::Timelike;
    let at = machine_now() + TimeDelta::hours(hours);
    i32::try_from(at.hour() * 60 + at.minute()).unwrap_or_default()
}

#[tokio::test]
async fn preferences_are_the_mailboxs_own_and_change_under_their_etag() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let organisation = post.world.session(&told.receiver())?;
    let unit = told.receiver().at(&Child::new(told.provider, UnitId::draw()).to_string());
    let unit = post.world.session(&unit)?;
    assert_eq!(
        wanted(&organisation).await?.email_classes,
        Vec::<i32>::new(),
        "nobody gets mail who did not ask for it"
    );
    let quiet_hours = Some(QuietHours { start_minute: 1_200, end_minute: 420 });
    let said = MailPreferences {
        email_classes: vec![Class::Work.into(), Class::Critical.into()],
        language: "fr".into(),
        time_zone: "Europe/Luxembourg".into(),
        quiet_hours,
        digest_minute: Some(480),
        etag: String::new(),
    };
    let request = UpdateMailPreferencesRequest { preferences: Some(said.clone()), request_id: request_id() };
    let mut inbox = organisation.inbox();
    let first = inbox.update_mail_preferences(request.clone()).await?.into_inner().preferences.unwrap_or_default();
    assert_eq!(MailPreferences { etag: String::new(), ..first.clone() }, said);
    let second = subscribe(&organisation, MailPreferences { etag: first.etag.clone(), ..Default::default() }).await?;
    assert_ne!(second.etag, first.etag);
    let again = inbox.update_mail_preferences(request).await?.into_inner().preferences.unwrap_or_default();
    assert_eq!(again, first, "the same request again answers as then");
    assert_eq!(wanted(&organisation).await?, second);
    let stale = subscribe(&organisation, MailPreferences { etag: first.etag, ..said }).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    assert_eq!(wanted(&unit).await?.etag, "", "a unit's mailbox is another");
    post.end().await
}

#[tokio::test]
async fn what_is_wrong_with_preferences_is_told_field_by_field() -> Result<()> {
    let post = Post::start().await?;
    let session = post.world.session(&Told::new("").receiver())?;
    let wrong = MailPreferences {
        email_classes: vec![7],
        language: "lb".into(),
        time_zone: "Mars/Phobos".into(),
        quiet_hours: Some(QuietHours { start_minute: 60, end_minute: 60 }),
        digest_minute: Some(1_440),
        etag: String::new(),
    };
    let refused = subscribe(&session, wrong).await.unwrap_err();
    let expected = ["email_classes", "language", "time_zone", "quiet_hours.end_minute", "digest_minute"]
        .map(|field| format!("preferences.{field}"));
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, expected.to_vec()));
    post.end().await
}

/// Quiet hours hold back what can wait, and never what is critical.
#[tokio::test]
async fn quiet_hours_hold_back_all_but_what_is_critical() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(everybody);
    let session = post.world.session(&told.receiver())?;
    let quiet_hours = Some(QuietHours { start_minute: minute(-2), end_minute: minute(2) });
    let email_classes = vec![Class::Work.into(), Class::Critical.into()];
    subscribe(&session, MailPreferences { email_classes, quiet_hours, ..Default::default() }).await?;
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    post.world.until_count("SELECT count(*) FROM delivery", 1).await?;
    let overdue = relais_proto::events::v1::ReferralOverdue {
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.parties(),
        owner: told.provider.to_string(),
        ..Default::default()
    };
    post.world.tap.publish(told.id.0, 2, overdue).await?;
    post.smtp.until_taken(1).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 1).await?;
    assert_eq!(deliveries(&post.world.session(&told.receiver())?).await?.len(), 2, "the other one waits");
    advance(&post, 3).await?;
    post.smtp.until_taken(2).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 2).await?;
    post.end().await
}

/// What must be read at once goes out at night, alone and past the digest; its mail says no more than any other.
#[tokio::test]
async fn a_critical_result_waits_for_no_morning_and_no_digest() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(everybody);
    let session = post.world.session(&told.sender())?;
    let wanted = MailPreferences {
        email_classes: vec![Class::Work.into(), Class::Critical.into()],
        language: "en".into(),
        quiet_hours: Some(QuietHours { start_minute: minute(-2), end_minute: minute(2) }),
        digest_minute: Some(minute(2)),
        ..Default::default()
    };
    subscribe(&session, wanted).await?;
    for critical in [false, true] {
        let report = Uuid::now_v7();
        let released = ReportReleased {
            report: format!("reports/{report}"),
            report_version: 1,
            status: "partial".into(),
            referral: told.id.to_string(),
            number: told.number.clone(),
            parties: told.parties(),
            unit: told.desk_name(),
            critical,
            ..Default::default()
        };
        post.world.tap.publish(report, 1, released).await?;
    }
    let mails = post.smtp.until_taken(1).await?;
    assert_eq!(mails[0].header("Subject"), "Relais: a message waits for you (AAAA-BBBB-CCC)");
    assert!(!mails[0].data.contains("at once"), "{}", mails[0].data);
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 1).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE purpose = 'digest' AND messages = 1", 1).await?;
    let list = ListMessagesRequest { language: "en".into(), ..Default::default() };
    let messages = session.inbox().list_messages(list).await?.into_inner().messages;
    let mut read: Vec<_> = messages.iter().map(|message| (message.kind(), message.text.as_str())).collect();
    read.sort_unstable();
    let expected = [
        (Kind::ReportReleased, "Referral AAAA-BBBB-CCC: a document waits for you."),
        (Kind::CriticalReleased, "Referral AAAA-BBBB-CCC: a document waits for you that must be read at once."),
    ];
    assert_eq!(read, expected);
    post.end().await
}

/// One mail a day, with the number of what came in, however many instances take it in at once.
#[tokio::test]
async fn a_digest_counts_the_messages_of_its_day_and_comes_once() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-000");
    post.book.answer(everybody);
    let session = post.world.session(&told.receiver())?;
    let digest = MailPreferences {
        email_classes: vec![Class::Work.into()],
        language: "en".into(),
        digest_minute: Some(minute(2)),
        ..Default::default()
    };
    subscribe(&session, digest).await?;
    let other = post.world.another().await?;
    // Batch by batch and at once: each day has one digest.
    for n in 0..12 {
        let next = told.another(&format!("AAAA-BBBB-0{n:02}"));
        post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    }
    post.world.until_count("SELECT count(*) FROM message", 12).await?;
    assert_eq!(post.world.count("SELECT count(*) FROM delivery").await?, 1);
    other.stop::<Notification>().await;
    assert_eq!(post.smtp.mails().len(), 0);
    advance(&post, 3).await?;
    let mails = post.smtp.until_taken(1).await?;
    assert_eq!(mails[0].header("Subject"), "Relais: 12 messages wait for you");
    let next = told.another("AAAA-BBBB-012");
    post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    post.world.until_count("SELECT count(*) FROM delivery", 2).await?;
    advance(&post, 27).await?;
    let mails = post.smtp.until_taken(2).await?;
    assert_eq!(mails[1].header("Subject"), "Relais: one message waits for you");
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 2).await?;
    assert_eq!(post.smtp.taken().len(), 2);
    post.end().await
}
