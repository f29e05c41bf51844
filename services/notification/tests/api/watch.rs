//! Following an inbox: everything, in order, however often the stream breaks off.

use std::time::Duration;

use anyhow::{Context, Result};
use relais_notification::Notification;
use relais_platform::clock::machine_now;
use relais_proto::notification::v1::{WatchMessagesRequest, WatchMessagesResponse};
use relais_tests::{Issuer, JwksServer, Session, SigningKey, Told, World, violations};
use tokio::time::timeout;
use tonic::{Code, Streaming};

async fn watch(session: &Session, resume_token: &str) -> Result<Streaming<WatchMessagesResponse>, tonic::Status> {
    let request = WatchMessagesRequest { resume_token: resume_token.into(), ..Default::default() };
    Ok(session.inbox().watch_messages(request).await?.into_inner())
}

async fn next(stream: &mut Streaming<WatchMessagesResponse>) -> Result<(String, String)> {
    let next = timeout(Duration::from_secs(10), stream.message()).await.context("nothing came")??;
    let next = next.context("the stream ended")?;
    Ok((next.message.context("no message")?.referral_number, next.resume_token))
}

#[tokio::test]
async fn what_was_there_comes_first_then_what_comes() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let first = Told::new("AAAA-BBBB-CC1");
    world.tap.publish(first.id.0, 1, first.submitted()).await?;
    world.until_count("SELECT count(*) FROM message", 1).await?;
    let receiver = world.session(&first.receiver())?;
    let mut stream = watch(&receiver, "").await?;
    let (number, token) = next(&mut stream).await?;
    assert_eq!(number, first.number);
    let second = first.another("AAAA-BBBB-CC2");
    world.tap.publish(second.id.0, 1, second.submitted()).await?;
    assert_eq!(next(&mut stream).await?.0, second.number);

    drop(stream);
    let third = first.another("AAAA-BBBB-CC3");
    world.tap.publish(third.id.0, 1, third.submitted()).await?;
    let mut resumed = watch(&receiver, &token).await?;
    assert_eq!(next(&mut resumed).await?.0, second.number);
    assert_eq!(next(&mut resumed).await?.0, third.number);
    world.end().await
}

#[tokio::test]
async fn a_stretch_of_messages_comes_without_a_gap() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("");
    let mut stream = watch(&world.session(&told.receiver())?, "").await?;
    let expected: Vec<_> = (0..150).map(|i| format!("N{i:03}")).collect();
    for number in &expected {
        let next = told.another(number);
        world.tap.publish(next.id.0, 1, next.submitted()).await?;
    }
    let mut read = Vec::new();
    for _ in &expected {
        read.push(next(&mut stream).await?.0);
    }
    read.sort();
    assert_eq!(read, expected);
    world.end().await
}

#[tokio::test]
async fn others_hear_nothing_and_a_token_is_for_its_inbox() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let mut own = watch(&world.session(&told.receiver())?, "").await?;
    let stranger = world.session(&Told::stranger())?;
    let mut strangers = watch(&stranger, "").await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    let (_, token) = next(&mut own).await?;
    assert!(timeout(Duration::from_millis(300), strangers.message()).await.is_err(), "a stranger was told");
    let refused = watch(&stranger, &token).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["resume_token".to_string()]));
    world.end().await
}

#[tokio::test]
async fn a_stream_ends_with_its_token() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let token = world.issuer().token_until(&Told::new("").receiver(), machine_now().timestamp() + 1)?;
    let mut stream = watch(&world.session_with(&token)?, "").await?;
    let ended = timeout(Duration::from_secs(10), stream.message()).await?.unwrap_err();
    assert_eq!(ended.code(), Code::Unauthenticated);
    world.end().await
}

/// A stream goes on with the key that opened it, though the issuer has withdrawn it; nothing new is opened by it, and it ends
/// with its token.
#[tokio::test]
async fn a_key_rotated_while_streaming_opens_nothing_more() -> Result<()> {
    let (old, new) = (SigningKey::ed25519("2026")?, SigningKey::ed25519("2027")?);
    let issuer = JwksServer::start(&[&old]).await?;
    let url = issuer.url();
    let settings = [
        ("RELAIS__AUTH__JWKS_FILE", ""),
        ("RELAIS__AUTH__JWKS_URL", url.as_str()),
        ("RELAIS__AUTH__JWKS_TTL_MS", "0"),
        ("RELAIS__AUTH__JWKS_REFETCH_MS", "0"),
    ];
    let world = World::<Notification>::start_with(&settings).await?;
    let told = Told::new("AAAA-BBBB-CC1");
    let until = machine_now().timestamp() + 8;
    let token = old.sign(&Issuer::claims(&told.receiver(), until))?;
    let mut stream = watch(&world.session_with(&token)?, "").await?;
    issuer.rotate(&[&new]);
    let fresh = new.sign(&Issuer::claims(&told.receiver(), until))?;
    watch(&world.session_with(&fresh)?, "").await?;
    let refused = watch(&world.session_with(&token)?, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "the key is withdrawn");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    assert_eq!(next(&mut stream).await?.0, told.number, "what was open goes on");
    let ended = timeout(Duration::from_secs(15), stream.message()).await?.unwrap_err();
    assert_eq!(ended.code(), Code::Unauthenticated);
    assert!(machine_now().timestamp() >= until, "not before its time");
    world.end().await
}
