//! Mail refused, deferred, slow, hung up on in the middle, with nobody there: nothing is lost, and what comes twice is the same mail.

use std::time::Duration;

use anyhow::Result;
use relais_notification::Notification;
use relais_platform::bootstrap::Running;
use relais_proto::{
    notification::v1::{DiscardDeliveryRequest, ListMessagesRequest, ReplayDeliveryRequest, message::Kind},
    operations::v1::GetBacklogRequest,
};
use relais_tests::{Identity, Manner, Session, Told, eventually, request_id, rules};
use tonic::Code;

use super::{MARK, Post, address, codes, deliveries, each_one, everybody};

fn admin_of_provider(post: &Post, told: &Told) -> Result<Session> {
    post.world.session(&Identity::new("admin", "admin").of(&told.provider.to_string()))
}

#[tokio::test]
async fn a_mailbox_that_wants_mail_is_told_that_something_waits_and_nothing_else() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(everybody);
    post.subscribe(&told).await?;
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let mails = post.smtp.until_taken(1).await?;
    let mail = &mails[0];
    assert_eq!(mail.to, format!("desk.{MARK}@relais.test"));
    assert_eq!(mail.header("Subject"), "Relais : un message vous attend (AAAA-BBBB-CCC)");
    let expected = "Un message vous attend dans votre boîte de réception Relais, au sujet du dossier AAAA-BBBB-CCC.\n";
    assert_eq!(mail.text().trim_end(), expected.trim_end());
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    let admin = admin_of_provider(&post, &told)?;
    let delivery = post.until_state(&admin, "ACCEPTED").await?;
    let id = delivery.name.trim_start_matches("deliveries/");
    assert_eq!(mail.header("Message-ID"), format!("<{id}@relais.test>"));
    assert_eq!(codes(&delivery), [("accepted".to_string(), 250)]);
    // What the referrer's side does is no news to the provider, and cancelled is no work: no mail of it.
    post.world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    post.world.until_count("SELECT count(*) FROM message", 2).await?;
    assert_eq!(deliveries(&admin).await?.len(), 1);
    no_address_is_kept(&post).await?;
    post.end().await
}

/// The address was used, and is in no table.
async fn no_address_is_kept(post: &Post) -> Result<()> {
    for table in ["message", "delivery", "delivery_attempt", "mail_preference", "audit", "outbox_sent", "outbox"] {
        let found = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(format!(
            "SELECT count(*) FROM {table} AS t WHERE strpos(t::text, '{MARK}') > 0"
        )));
        assert_eq!(found.fetch_one(&post.world.database).await?, 0, "{table} holds an address");
    }
    Ok(())
}

#[tokio::test]
async fn refused_mail_fails_with_its_code_and_stops_no_other() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CC1");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.smtp.treat(&address(&told)?, Manner::Refuse);
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let admin = admin_of_provider(&post, &told)?;
    let failed = post.until_state(&admin, "FAILED").await?;
    assert_eq!((codes(&failed), failed.reason.as_str()), (vec![("refused".to_string(), 550)], "refused"));
    for n in 2..6 {
        let next = told.another(&format!("AAAA-BBBB-CC{n}"));
        post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    }
    assert_eq!(post.smtp.until_taken(4).await?.len(), 4);
    // The inbox says so, once a day, and that by no mail.
    let read = ListMessagesRequest::default();
    let messages = post.world.session(&told.receiver())?.inbox().list_messages(read).await?.into_inner().messages;
    let trouble: Vec<_> = messages.iter().filter(|message| message.kind() == Kind::DeliveryFailed).collect();
    assert_eq!(trouble.len(), 1);
    assert_eq!((trouble[0].about.as_str(), trouble[0].reason.as_str()), (failed.name.as_str(), "refused"));
    assert_eq!(deliveries(&admin).await?.len(), 5);
    post.end().await
}

#[tokio::test]
async fn what_is_deferred_is_tried_again_and_at_last_parked_replayed_discarded() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.smtp.treat_all(Manner::Defer);
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let admin = admin_of_provider(&post, &told)?;
    let parked = post.until_state(&admin, "PARKED").await?;
    assert_eq!((codes(&parked), parked.attempt_count), (vec![("deferred".to_string(), 451); 8], 8));
    post.world.until_count("SELECT count(*) FROM message WHERE kind = 'delivery-parked'", 1).await?;
    let name = parked.name;
    let replay = |name: &str| ReplayDeliveryRequest { name: name.into(), request_id: request_id() };
    let discard = |name: &str| DiscardDeliveryRequest { name: name.into(), request_id: request_id() };
    let stranger = post.world.session(&Told::stranger())?;
    let foreign = stranger.deliveries().replay_delivery(replay(&name)).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);

    post.smtp.treat_all(Manner::Take);
    let once = replay(&name);
    admin.deliveries().replay_delivery(once.clone()).await?;
    let accepted = post.until_state(&admin, "ACCEPTED").await?;
    assert_eq!((accepted.attempt_count, accepted.attempts.len()), (9, 9), "all attempts are kept");
    admin.deliveries().replay_delivery(once).await?;
    let refused = admin.deliveries().replay_delivery(replay(&name)).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["delivery-failed-or-parked".into()]));
    let refused = admin.deliveries().discard_delivery(discard(&name)).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["delivery-open".into()]));
    assert_eq!(post.smtp.taken().len(), 1, "the same request again sends nothing");

    post.smtp.treat_all(Manner::Refuse);
    let next = told.another("AAAA-BBBB-CCD");
    post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    let failed = post.until_state(&admin, "FAILED").await?;
    admin.deliveries().discard_delivery(discard(&failed.name)).await?;
    assert_eq!(post.until_state(&admin, "DISCARDED").await?.name, failed.name);
    post.end().await
}

/// The server had all of it and hung up without a word: whether it took it, nobody knows. So it is sent again, as the same mail.
#[tokio::test]
async fn a_server_that_hangs_up_after_the_data_gets_the_same_mail_again() -> Result<()> {
    let post = Post::start_with(&[("RELAIS__MAIL__RETRY_FIRST_MS", "20")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.smtp.treat_all(Manner::HangUp);
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let smtp = post.smtp.clone();
    eventually("it was read", || async { Ok((!smtp.mails().is_empty()).then_some(())) }).await?;
    post.smtp.treat_all(Manner::Take);
    post.smtp.until_taken(1).await?;
    let delivery = post.until_state(&admin_of_provider(&post, &told)?, "ACCEPTED").await?;
    let (first, last) = (&delivery.attempts[0], &delivery.attempts[delivery.attempts.len() - 1]);
    assert_eq!((first.outcome.as_str(), first.code), ("unreachable", 0));
    assert_eq!((last.outcome.as_str(), last.code), ("accepted", 250));
    let mails = post.smtp.mails();
    assert!(mails.len() >= 2);
    assert!(mails.iter().all(|mail| mail.header("Message-ID") == mails[0].header("Message-ID")));
    post.end().await
}

/// It has not taken a mail of which it read the half.
#[tokio::test]
async fn a_server_that_hangs_up_in_the_middle_of_a_mail_gets_it_again() -> Result<()> {
    let post = Post::start_with(&[("RELAIS__MAIL__RETRY_FIRST_MS", "20")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.smtp.treat_all(Manner::Cut);
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let cut = "SELECT count(*) FROM delivery_attempt WHERE outcome = 'unreachable'";
    eventually("it hung up", || async { Ok((post.world.count(cut).await? > 0).then_some(())) }).await?;
    assert_eq!(post.smtp.mails().len(), 0);
    post.smtp.treat_all(Manner::Take);
    post.smtp.until_taken(1).await?;
    let delivery = post.until_state(&admin_of_provider(&post, &told)?, "ACCEPTED").await?;
    let (first, last) = (&delivery.attempts[0], &delivery.attempts[delivery.attempts.len() - 1]);
    assert_eq!((first.outcome.as_str(), last.outcome.as_str()), ("unreachable", "accepted"));
    assert_eq!(post.smtp.mails().len(), 1, "it came once");
    post.end().await
}

#[tokio::test]
async fn a_slow_server_is_given_up_for_now_and_a_dead_one_is_waited_for() -> Result<()> {
    let settings = [("RELAIS__MAIL__TIMEOUT_MS", "300"), ("RELAIS__MAIL__RETRY_FIRST_MS", "20")];
    let post = Post::start_with(&settings).await?;
    let told = Told::new("AAAA-BBBB-CC1");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.smtp.treat(&address(&told)?, Manner::Dawdle(Duration::from_secs(20)));
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let next = told.another("AAAA-BBBB-CC2");
    post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    let passed = post.smtp.until_taken(1).await?;
    assert_eq!(passed[0].to, address(&next)?, "one that hangs stops no other");
    let attempts = "SELECT count(*) FROM delivery_attempt WHERE outcome = 'timed-out'";
    eventually("it timed out", || async { Ok((post.world.count(attempts).await? > 0).then_some(())) }).await?;
    post.smtp.treat(&address(&told)?, Manner::Take);
    post.smtp.until_taken(2).await?;

    post.smtp.treat_all(Manner::Gone);
    let last = told.another("AAAA-BBBB-CC3");
    post.world.tap.publish(last.id.0, 1, last.submitted()).await?;
    let gone = "SELECT count(*) FROM delivery_attempt WHERE outcome = 'unreachable'";
    eventually("nobody is there", || async { Ok((post.world.count(gone).await? > 0).then_some(())) }).await?;
    post.smtp.treat_all(Manner::Take);
    assert_eq!(post.smtp.until_taken(3).await?[2].to, address(&last)?);
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 3).await?;
    post.end().await
}

/// Killed between sending and noting: the delivery stands as sent, and when its time is up it is sent again under the same id.
#[tokio::test]
async fn who_dies_while_sending_leaves_a_delivery_that_another_sends_again() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.book.answer(each_one);
    post.subscribe(&told).await?;
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    post.smtp.until_taken(1).await?;
    let admin = admin_of_provider(&post, &told)?;
    let sent = post.until_state(&admin, "ACCEPTED").await?;
    // As it stands when the process died after the server's answer.
    sqlx::query("UPDATE delivery SET state = 'sent', retry_at = now()").execute(&post.world.database).await?;
    let mails = post.smtp.until_taken(2).await?;
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    let again = post.until_state(&admin, "ACCEPTED").await?;
    assert_eq!((again.name, again.attempt_count), (sent.name, 2));
    post.end().await
}

#[tokio::test]
async fn while_nobody_says_where_somebody_is_reached_the_delivery_waits() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    post.subscribe(&told).await?;
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let admin = admin_of_provider(&post, &told)?;
    let book = post.book.clone();
    eventually("it was asked twice", || async { Ok((book.asked().len() > 1).then_some(())) }).await?;
    let waiting = post.until_state(&admin, "QUEUED").await?;
    assert_eq!((waiting.reason.as_str(), waiting.attempt_count), ("contact-unavailable", 0), "that is no attempt");
    let asked = &post.book.asked()[0];
    assert_eq!((asked.referral.clone(), asked.mailbox.clone()), (told.id.to_string(), told.provider.to_string()));
    post.book.answer(everybody);
    post.smtp.until_taken(1).await?;
    assert_eq!(post.until_state(&admin, "ACCEPTED").await?.attempt_count, 1);
    post.end().await
}

#[tokio::test]
async fn two_instances_send_each_mail_once() -> Result<()> {
    let post = Post::start().await?;
    let told = Told::new("AAAA-BBBB-000");
    let other: Running = post.world.another().await?;
    post.subscribe(&told).await?;
    for n in 0..30 {
        let next = told.another(&format!("AAAA-BBBB-0{n:02}"));
        post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    }
    post.world.until_count("SELECT count(*) FROM delivery", 30).await?;
    post.book.answer(each_one);
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'accepted'", 30).await?;
    let mut ids: Vec<_> = post.smtp.taken().iter().map(|mail| mail.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((post.smtp.taken().len(), ids.len()), (30, 30));
    other.stop::<Notification>().await;
    post.end().await
}

/// On its way it is work left; once nothing can be done but wait, it is not.
#[tokio::test]
async fn a_mail_that_is_due_is_work_left_and_one_that_waits_is_not() -> Result<()> {
    let post = Post::start_with(&[("RELAIS__MAIL__WAIT_MS", "600000")]).await?;
    let told = Told::new("AAAA-BBBB-CC1");
    let operator = post.world.session(&Identity::new("operator", "operator"))?;
    let backlog = async || anyhow::Ok(operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner());
    let settled = || async { Ok(Some(backlog().await?).filter(|backlog| backlog.settled)) };
    post.subscribe(&told).await?;
    post.world.tap.publish(told.id.0, 1, told.submitted()).await?;
    // Nobody says where the desk is reached.
    post.world.until_count("SELECT count(*) FROM delivery WHERE reason = 'contact-unavailable'", 1).await?;
    assert_eq!(eventually("it is settled while it waits", settled).await?.due, 0);

    post.book.answer(each_one);
    let next = told.another("AAAA-BBBB-CC2");
    post.smtp.treat_all(Manner::Dawdle(Duration::from_secs(3)));
    post.world.tap.publish(next.id.0, 1, next.submitted()).await?;
    post.world.until_count("SELECT count(*) FROM delivery WHERE state = 'sent'", 1).await?;
    let under_way = backlog().await?;
    assert_eq!((under_way.due, under_way.settled), (1, false));
    eventually("it is settled once it went out", settled).await?;
    assert_eq!(post.smtp.taken().len(), 1, "settled, and not sent");
    post.end().await
}
