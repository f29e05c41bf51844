//! Reading and acknowledging: who, when, once.

use anyhow::{Context, Result};
use relais_notification::Notification;
use relais_proto::notification::v1::{AcknowledgeMessageRequest, ListMessagesRequest, MarkMessageReadRequest, Message};
use relais_tests::{Identity, Session, Told, World, request_id, rules, violations};
use tonic::{Code, Status};

async fn list(session: &Session, unread: bool) -> Result<Vec<Message>> {
    let request = ListMessagesRequest { unread, ..Default::default() };
    Ok(session.inbox().list_messages(request).await?.into_inner().messages)
}

async fn mark(session: &Session, name: &str, request_id: &str) -> Result<Message, Status> {
    let request = MarkMessageReadRequest { name: name.into(), request_id: request_id.into() };
    Ok(session.inbox().mark_message_read(request).await?.into_inner().message.unwrap_or_default())
}

async fn acknowledge(session: &Session, name: &str, request_id: &str) -> Result<Message, Status> {
    let request = AcknowledgeMessageRequest { name: name.into(), request_id: request_id.into() };
    Ok(session.inbox().acknowledge_message(request).await?.into_inner().message.unwrap_or_default())
}

/// A message in the provider's inbox.
async fn one(world: &World<Notification>, told: &Told) -> Result<Message> {
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM message", 1).await?;
    list(&world.session(&told.receiver())?, true).await?.pop().context("no message")
}

#[tokio::test]
async fn to_read_and_to_acknowledge_are_two_things() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let message = one(&world, &told).await?;
    assert!(message.read_time.is_none() && message.acknowledge_time.is_none());
    let (first, second) = (world.session(&told.receiver())?, Identity { subject: "second".into(), ..told.receiver() });
    let second = world.session(&second)?;
    let (reading, acknowledging) = (request_id(), request_id());

    let read = mark(&first, &message.name, &reading).await?;
    assert!(read.read_time.is_some() && read.acknowledge_time.is_none());
    assert!(read.reader.ends_with("|receiver"), "{}", read.reader);
    assert_eq!(list(&first, true).await?, [], "nothing is unread");
    assert_eq!(list(&first, false).await?.len(), 1);
    let again = mark(&second, &message.name, &request_id()).await?;
    assert_eq!((again.reader, again.read_time), (read.reader.clone(), read.read_time), "who read it first stays");

    let taken = acknowledge(&second, &message.name, &acknowledging).await?;
    assert!(taken.acknowledge_time.is_some() && taken.acknowledger.ends_with("|second"), "{taken:?}");
    assert_eq!(acknowledge(&second, &message.name, &acknowledging).await?, taken, "the same request again");
    assert_eq!(mark(&first, &message.name, &reading).await?, read, "as it was then");
    let refused = acknowledge(&first, &message.name, &request_id()).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["message-not-acknowledged".into()]));
    world.end().await
}

#[tokio::test]
async fn of_many_at_once_one_takes_charge() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let message = one(&world, &told).await?;
    let session = world.session(&told.receiver())?;
    let calls = (0..20).map(|_| {
        let (session, name) = (session.clone(), message.name.clone());
        tokio::spawn(async move { acknowledge(&session, &name, &request_id()).await.is_ok() })
    });
    let mut taken = 0;
    for call in calls.collect::<Vec<_>>() {
        taken += usize::from(call.await?);
    }
    assert_eq!(taken, 1);
    world.end().await
}

#[tokio::test]
async fn what_is_not_in_the_own_inbox_is_not_there() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let message = one(&world, &told).await?;
    for other in [told.sender(), told.overseer(), Told::stranger()] {
        let session = world.session(&other)?;
        let foreign = mark(&session, &message.name, &request_id()).await.unwrap_err();
        assert_eq!(foreign.code(), Code::NotFound);
        assert_eq!(acknowledge(&session, &message.name, &request_id()).await.unwrap_err().code(), Code::NotFound);
    }
    let malformed = mark(&world.session(&told.receiver())?, "messages/7", "1").await.unwrap_err();
    assert_eq!(
        (malformed.code(), violations(&malformed)),
        (Code::InvalidArgument, vec!["name".into(), "request_id".into()])
    );
    let language = ListMessagesRequest { language: "lb".into(), ..Default::default() };
    let refused = world.session(&told.receiver())?.inbox().list_messages(language).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["language".into()]));
    world.end().await
}
