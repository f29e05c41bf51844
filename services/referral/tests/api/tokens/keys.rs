//! Keys of an issuer that rotates them, is slow, is down, or answers nonsense: a real HTTP server, its requests counted.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use relais_proto::{network::v1::ListOrganisationsRequest, referral::v1::ListReferralsRequest};
use relais_tests::{Answer, JwksServer, SigningKey, eventually};
use sqlx::Connection;
use tokio::time::timeout;
use tonic::{Code, Request};

use super::{assert_refused, call, claims, world_at};

/// Looked for again at once, kept for long.
const EAGER: [(&str, &str); 2] = [("RELAIS__AUTH__JWKS_REFETCH_MS", "0"), ("RELAIS__AUTH__JWKS_TTL_MS", "600000")];
/// Looked for again after ten minutes.
const PATIENT: [(&str, &str); 2] =
    [("RELAIS__AUTH__JWKS_REFETCH_MS", "600000"), ("RELAIS__AUTH__JWKS_TTL_MS", "600000")];
/// Read again with every call.
const FORGETFUL: [(&str, &str); 3] = [
    ("RELAIS__AUTH__JWKS_REFETCH_MS", "0"),
    ("RELAIS__AUTH__JWKS_TTL_MS", "0"),
    ("RELAIS__AUTH__JWKS_TIMEOUT_MS", "500"),
];

#[tokio::test]
async fn each_algorithm_is_taken_and_the_keys_are_fetched_once() -> Result<()> {
    let keys = [SigningKey::ed25519("ed")?, SigningKey::p256("ec")?, SigningKey::rsa("rsa")?];
    let issuer = JwksServer::start(&keys.each_ref()).await?;
    let world = world_at(&issuer.url(), &PATIENT).await?;
    assert_eq!(issuer.fetches(), 0, "nobody has called yet");
    for key in &keys {
        for _ in 0..3 {
            call(&world, &key.sign(&claims())?).await?;
        }
    }
    assert_eq!(issuer.fetches(), 1);
    world.end().await
}

#[tokio::test]
async fn a_new_key_is_found_and_a_withdrawn_one_is_refused() -> Result<()> {
    let (old, new) = (SigningKey::ed25519("2026")?, SigningKey::ed25519("2027")?);
    let issuer = JwksServer::start(&[&old]).await?;
    let world = world_at(&issuer.url(), &EAGER).await?;
    call(&world, &old.sign(&claims())?).await?;
    issuer.rotate(&[&new]);
    call(&world, &old.sign(&claims())?).await?;
    assert_eq!(issuer.fetches(), 1, "what is known is not asked for");
    call(&world, &new.sign(&claims())?).await?;
    assert_eq!(issuer.fetches(), 2);
    assert_refused(call(&world, &old.sign(&claims())?).await, "a withdrawn key");
    world.end().await
}

#[tokio::test]
async fn a_withdrawn_key_ends_with_its_time() -> Result<()> {
    let (old, new) = (SigningKey::ed25519("2026")?, SigningKey::ed25519("2027")?);
    let issuer = JwksServer::start(&[&old]).await?;
    let world = world_at(&issuer.url(), &FORGETFUL).await?;
    call(&world, &old.sign(&claims())?).await?;
    issuer.rotate(&[&new]);
    assert_refused(call(&world, &old.sign(&claims())?).await, "a withdrawn key");
    world.end().await
}

#[tokio::test]
async fn a_thousand_unknown_keys_at_once_are_one_fetch() -> Result<()> {
    let key = SigningKey::ed25519("good")?;
    let issuer = JwksServer::start(&[&key]).await?;
    let world = world_at(&issuer.url(), &PATIENT).await?;
    let forged = (0..1000).map(|n| {
        let (key, world) = (SigningKey::ed25519(&format!("made-up-{n}")), &world);
        async move { Ok::<_, anyhow::Error>(call(world, &key?.sign(&claims())?).await) }
    });
    for answered in join_all(forged).await {
        assert_refused(answered?, "a made-up key");
    }
    assert_eq!(issuer.fetches(), 1);
    call(&world, &key.sign(&claims())?).await?;
    assert_eq!(issuer.fetches(), 1);
    world.end().await
}

#[tokio::test]
async fn callers_that_give_up_do_not_make_it_two() -> Result<()> {
    let key = SigningKey::ed25519("good")?;
    let issuer = JwksServer::start(&[&key]).await?;
    let world = world_at(&issuer.url(), &PATIENT).await?;
    let mut gave_up = 0;
    for _ in 0..20 {
        let mut network = world.session_with(&key.sign(&claims())?)?.network();
        let asked = network.list_organisations(ListOrganisationsRequest::default());
        gave_up += u32::from(timeout(Duration::from_millis(10), asked).await.is_err());
    }
    assert!(gave_up > 1, "the keys were there before anybody gave up");
    call(&world, &key.sign(&claims())?).await?;
    assert_eq!(issuer.fetches(), 1);
    world.end().await
}

/// Whoever waits for the issuer waits within the call's time, and is told so in time.
#[tokio::test]
async fn what_keys_take_is_of_the_callers_time() -> Result<()> {
    let key = SigningKey::ed25519("good")?;
    let issuer = JwksServer::start(&[&key]).await?;
    let world = world_at(&issuer.url(), &PATIENT).await?;
    issuer.answer(Answer::Silence);
    let mut request = Request::new(ListOrganisationsRequest::default());
    // In a header alone: the client itself would give up, too.
    request.metadata_mut().insert("grpc-timeout", "500m".parse()?);
    let mut network = world.session_with(&key.sign(&claims())?)?.network();
    let (began, late) = (Instant::now(), network.list_organisations(request).await.expect_err("no key came"));
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert_eq!(issuer.fetches(), 1, "nobody asked for keys");
    world.end().await
}

#[tokio::test]
async fn an_issuer_that_is_down_or_mad_locks_nobody_out() -> Result<()> {
    let (known, other) = (SigningKey::ed25519("known")?, SigningKey::ed25519("other")?);
    let issuer = JwksServer::start(&[&known]).await?;
    let elsewhere = JwksServer::start(&[&other]).await?;
    let world = world_at(&issuer.url(), &FORGETFUL).await?;
    call(&world, &known.sign(&claims())?).await?;
    for answer in [
        Answer::Body(500, "{}".into()),
        Answer::Body(200, String::new()),
        Answer::Body(200, "<html>sign in</html>".into()),
        Answer::Body(200, r#"{"keys":[]}"#.into()),
        Answer::Body(200, format!(r#"{{"keys":[{}]}}"#, "[".repeat(100_000))),
        Answer::Redirect(elsewhere.url()),
        Answer::Endless,
        Answer::Silence,
        Answer::Cut,
    ] {
        let (before, what) = (issuer.fetches(), format!("{answer:?}").chars().take(60).collect::<String>());
        issuer.answer(answer);
        assert!(call(&world, &known.sign(&claims())?).await.is_ok(), "{what}");
        assert!(issuer.fetches() > before, "nothing was asked: {what}");
        assert_refused(call(&world, &other.sign(&claims())?).await, &what);
    }
    assert_eq!(elsewhere.fetches(), 0, "a redirect was followed");
    issuer.rotate(&[&other]);
    call(&world, &other.sign(&claims())?).await?;
    world.end().await
}

#[tokio::test]
async fn an_issuer_that_is_silent_holds_up_one_call_and_no_more() -> Result<()> {
    let key = SigningKey::ed25519("known")?;
    let issuer = JwksServer::start(&[&key]).await?;
    let world =
        world_at(&issuer.url(), &[FORGETFUL[0], FORGETFUL[1], ("RELAIS__AUTH__JWKS_TIMEOUT_MS", "5000")]).await?;
    let token = key.sign(&claims())?;
    call(&world, &token).await?;
    issuer.answer(Answer::Silence);
    let calls = (0..20).map(|_| async {
        let began = Instant::now();
        call(&world, &token).await.map(|_| began.elapsed())
    });
    let took = join_all(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let held = took.iter().filter(|took| **took >= Duration::from_secs(4)).count();
    assert!(held <= 1, "{held} of {} calls waited for the issuer", took.len());
    world.end().await
}

#[tokio::test]
async fn before_any_key_is_known_callers_are_to_try_again() -> Result<()> {
    let key = SigningKey::ed25519("good")?;
    let issuer = JwksServer::start(&[&key]).await?;
    issuer.answer(Answer::Body(503, String::new()));
    let world = world_at(&issuer.url(), &PATIENT).await?;
    let token = key.sign(&claims())?;
    let status = call(&world, &token).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.message().contains("keys") && !status.message().contains("127.0.0.1"), "{status}");
    issuer.rotate(&[&key]);
    eventually("the keys are found", || async { Ok(call(&world, &token).await.is_ok().then_some(())) }).await?;
    world.end().await
}

#[tokio::test]
async fn a_file_of_keys_is_read_again() -> Result<()> {
    let (old, new) = (SigningKey::ed25519("2026")?, SigningKey::ed25519("2027")?);
    let file = std::env::temp_dir().join(format!("relais-jwks-{}.json", uuid::Uuid::now_v7()));
    let write = |key: &SigningKey| std::fs::write(&file, serde_json::json!({"keys": [key.public()]}).to_string());
    write(&old)?;
    let path = file.display().to_string();
    let world =
        relais_tests::World::start_with(&[&[("RELAIS__AUTH__JWKS_FILE", path.as_str())], &EAGER[..]].concat()).await?;
    call(&world, &old.sign(&claims())?).await?;
    write(&new)?;
    call(&world, &new.sign(&claims())?).await?;
    std::fs::remove_file(&file)?;
    call(&world, &new.sign(&claims())?).await?;
    assert_refused(call(&world, &old.sign(&claims())?).await, "a key that was taken out of the file");
    world.end().await
}

/// A call under way whose key is withdrawn ends as it began; the next one is refused.
#[tokio::test]
async fn a_key_rotated_in_the_middle_of_a_call_ends_the_next_one() -> Result<()> {
    let (old, new) = (SigningKey::ed25519("2026")?, SigningKey::ed25519("2027")?);
    let issuer = JwksServer::start(&[&old]).await?;
    let world = world_at(&issuer.url(), &EAGER).await?;
    let mut intruder = world.intruder().await?;
    let mut lock = intruder.begin().await?;
    sqlx::query("LOCK TABLE organisation IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await?;
    let token = old.sign(&claims())?;
    let under_way = call(&world, &token);
    let rotated = async {
        world
            .until_count("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'organisation'::regclass", 1)
            .await?;
        issuer.rotate(&[&new]);
        // The keys are read again for the new one, by a call that needs no such table.
        let session = world.session_with(&new.sign(&claims())?)?;
        let listed = session.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap_err();
        assert_eq!((listed.code(), issuer.fetches()), (Code::PermissionDenied, 2), "a token without an organisation");
        assert_refused(call(&world, &token).await, "a withdrawn key, while a call by it is under way");
        lock.rollback().await?;
        anyhow::Ok(())
    };
    let (answered, rotated) = tokio::join!(under_way, rotated);
    rotated?;
    answered?;
    assert_refused(call(&world, &token).await, "a withdrawn key");
    world.end().await
}
