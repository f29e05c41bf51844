//! Who finds what in the inbox.

use anyhow::Result;
use relais_notification::Notification;
use relais_platform::ids::{Child, UnitId};
use relais_proto::notification::v1::{ListMessagesRequest, Message, message::Kind};
use relais_tests::{Session, Told, World};

const MESSAGES: &str = "SELECT count(*) FROM message";

async fn list(session: &Session) -> Result<Vec<Message>> {
    Ok(session.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages)
}

#[tokio::test]
async fn the_provider_is_told_and_nobody_else() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.until_count(MESSAGES, 2).await?;
    let read = list(&world.session(&told.receiver())?).await?;
    let kinds: Vec<_> = read.iter().map(Message::kind).collect();
    assert_eq!(kinds, [Kind::ReferralCancelled, Kind::ReferralSubmitted], "the most recent first");
    assert!(read.iter().all(|m| m.referral == told.id.to_string() && m.referral_number == "AAAA-BBBB-CCC"));
    for other in [told.sender(), told.overseer(), Told::stranger()] {
        assert_eq!(list(&world.session(&other)?).await?, []);
    }
    world.end().await
}

#[tokio::test]
async fn a_desk_of_the_provider_finds_what_its_organisation_was_told() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(MESSAGES, 1).await?;
    let desk = told.receiver().at(&Child::new(told.provider, UnitId::draw()).to_string());
    assert_eq!(list(&world.session(&desk)?).await?.len(), 1);
    world.end().await
}

#[tokio::test]
async fn pages_hold_each_message_once() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CC0");
    for i in 0..5 {
        let next = told.another(&format!("AAAA-BBBB-CC{i}"));
        world.tap.publish(next.id.0, 1, next.submitted()).await?;
    }
    world.until_count(MESSAGES, 5).await?;
    let mut inbox = world.session(&told.receiver())?.inbox();
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = inbox
            .list_messages(ListMessagesRequest { page_size: 2, page_token, ..Default::default() })
            .await?
            .into_inner();
        names.extend(page.messages.into_iter().map(|message| message.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let read = names.len();
    names.sort();
    names.dedup();
    assert_eq!((read, names.len()), (5, 5));
    world.end().await
}
