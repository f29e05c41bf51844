//! Everything that can be wrong with a token.

use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use relais_proto::network::v1::{ListOrganisationsRequest, network_service_client::NetworkServiceClient};
use relais_referral::Referral as Service;
use relais_tests::{JwksServer, SigningKey, World};
use serde_json::{Value, json};
use tonic::{Code, Request};
use uuid::Uuid;

use super::{assert_refused, call, claims, now, ours, with, world_at};

fn name(collection: &str) -> String {
    format!("{collection}/{}", Uuid::now_v7())
}

#[tokio::test]
async fn a_header_chooses_among_our_keys_and_brings_none() -> Result<()> {
    let world = World::<Service>::start().await?;
    let (key, thief) = (world.issuer().key(), SigningKey::ed25519("development")?);
    let theirs = JwksServer::start(&[&thief]).await?;
    let body = claims().to_string();
    let carried = [("jku", json!(theirs.url())), ("x5u", json!(theirs.url())), ("jwk", thief.public())];
    for (member, value) in carried {
        let header = with(ours(), member, value);
        assert_refused(call(&world, &thief.sign_as(&header, &body)?).await, member);
        call(&world, &key.sign_as(&header, &body)?).await?;
    }
    assert_eq!(theirs.fetches(), 0);
    let wrong = [
        ("kid", json!(null)),
        ("kid", json!("")),
        ("kid", json!("another")),
        ("kid", json!("../../../etc/passwd")),
        ("kid", json!("k".repeat(4_000))),
        ("kid", json!(["development"])),
        ("crit", json!(["exp"])),
        ("typ", json!("logout+jwt")),
        ("typ", json!("relais-service+jwt")),
        ("alg", json!("ES256")),
        ("alg", json!("none")),
        ("alg", json!("eddsa")),
        ("alg", json!(1)),
    ];
    for (member, value) in wrong {
        let what = format!("{member}: {value}").chars().take(60).collect::<String>();
        assert_refused(call(&world, &key.sign_as(&with(ours(), member, value), &body)?).await, &what);
    }
    for typ in ["JWT", "at+jwt", "AT+JWT", "application/at+jwt"] {
        call(&world, &key.sign_as(&with(ours(), "typ", json!(typ)), &body)?).await?;
    }
    world.end().await
}

#[tokio::test]
async fn a_key_is_good_for_its_own_algorithm_alone() -> Result<()> {
    let (ec, rsa) = (SigningKey::p256("ec")?, SigningKey::rsa("rsa")?);
    let issuer = JwksServer::start(&[&ec, &rsa]).await?;
    let world = world_at(&issuer.url(), &[]).await?;
    let body = claims().to_string();
    // The public key as a shared secret: what a verifier that believes the header would take.
    let secret = EncodingKey::from_secret(rsa.public()["n"].as_str().unwrap_or_default().as_bytes());
    for alg in ["HS256", "none", "RS256", "PS256", "RS512"] {
        let unsigned = ec.sign_as(&json!({"alg": alg, "kid": "rsa"}), &body)?;
        let message = unsigned.rsplit_once('.').map(|(message, _)| message).unwrap_or_default();
        let forged = crypto::sign(message.as_bytes(), &secret, Algorithm::HS256)?;
        for token in [format!("{message}.{forged}"), format!("{message}."), unsigned.clone()] {
            assert_refused(call(&world, &token).await, alg);
        }
    }
    let mixed = rsa.sign_as(&json!({"alg": "RS256", "kid": "ec"}), &body)?;
    assert_refused(call(&world, &mixed).await, "RS256 with the id of an ES256 key");
    call(&world, &rsa.sign(&claims())?).await?;
    call(&world, &ec.sign(&claims())?).await?;
    world.end().await
}

/// That each of these claims is refused, in a token that holds but for it.
async fn assert_each_refused(world: &World<Service>, holds: &Value, wrong: &[(&str, Value)]) -> Result<()> {
    for (claim, value) in wrong {
        let what = format!("{claim}: {value}").chars().take(60).collect::<String>();
        let token = world.issuer().sign(&with(holds.clone(), claim, value.clone()))?;
        assert_refused(call(world, &token).await, &what);
    }
    Ok(())
}

async fn assert_each_taken(world: &World<Service>, holds: &Value, right: &[(&str, Value)]) -> Result<()> {
    for (claim, value) in right {
        let token = world.issuer().sign(&with(holds.clone(), claim, value.clone()))?;
        assert!(call(world, &token).await.is_ok(), "{claim}: {value}");
    }
    Ok(())
}

#[tokio::test]
async fn issuer_audience_times_and_subject_must_hold() -> Result<()> {
    let world = World::<Service>::start().await?;
    let wrong = [
        ("iss", json!("https://elsewhere.invalid")),
        ("iss", json!("https://issuer.relais.invalid/")),
        ("iss", json!(null)),
        ("aud", json!("another")),
        ("aud", json!(["another", "third"])),
        ("aud", json!([])),
        ("exp", json!(0)),
        ("exp", json!(now() - 31)),
        ("exp", json!(i64::MAX)),
        ("exp", json!("tomorrow")),
        ("exp", json!(null)),
        ("nbf", json!(now() + 60)),
        ("iat", json!(now() + 60)),
        ("iat", json!(-1)),
        ("iat", json!(now() + 100_000)),
        ("sub", json!("")),
        ("sub", json!("s".repeat(256))),
        ("sub", json!("a\u{0}b")),
        ("sub", json!(null)),
        ("roles", json!("desk")),
    ];
    assert_each_refused(&world, &claims(), &wrong).await?;
    let right = [
        ("aud", json!(["another", "relais"])),
        ("exp", json!(now() - 5)),
        ("nbf", json!(now() + 5)),
        ("iat", json!(now() + 5)),
        ("act", json!("whatever an issuer means by it")),
    ];
    assert_each_taken(&world, &claims(), &right).await?;
    world.end().await
}

#[tokio::test]
async fn what_a_caller_acts_for_is_of_one_organisation() -> Result<()> {
    let world = World::<Service>::start().await?;
    let (organisation, other) = (name("organisations"), name("organisations"));
    let own = with(claims(), "organisation", json!(organisation));
    let child = |parent: &str, collection: &str| json!(format!("{parent}/{}", name(collection)));
    let wrong = [
        ("organisation", json!("organisations/1")),
        ("organisation", json!([organisation.clone()])),
        ("unit", child(&other, "units")),
        ("unit", json!("units/1")),
        ("practitioner", child(&other, "practitioners")),
        ("practitioner", child(&organisation, "units")),
    ];
    assert_each_refused(&world, &own, &wrong).await?;
    let right = [("unit", child(&organisation, "units")), ("practitioner", child(&organisation, "practitioners"))];
    assert_each_taken(&world, &own, &right).await?;
    world.end().await
}

/// An ID token says who signed in at a client: it opens nothing here.
#[tokio::test]
async fn an_id_token_is_no_access_token() -> Result<()> {
    let world = World::<Service>::start().await?;
    let wrong = [
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng")),
        ("c_hash", json!("LDktKdoQak3Pk0cnXxCltA")),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
    ];
    assert_each_refused(&world, &claims(), &wrong).await?;
    assert_each_taken(&world, &claims(), &[("typ", json!("Bearer"))]).await?;
    world.end().await
}

#[tokio::test]
async fn what_is_no_token_at_all() -> Result<()> {
    let world = World::<Service>::start().await?;
    let key = world.issuer().key();
    let good = key.sign(&claims())?;
    let text = claims().to_string();
    let twice = text.replacen('{', r#"{"aud":"another","#, 1);
    let bodies = [twice, "[]".into(), "null".into(), "{".into(), String::new(), "\u{feff}{}".into()];
    for body in bodies {
        assert_refused(call(&world, &key.sign_as(&ours(), &body)?).await, &body);
    }
    let padded = with(claims(), "padding", json!("x".repeat(8 * 1024)));
    let parts: Vec<_> = good.split('.').collect();
    let texts = [
        key.sign(&padded)?,
        String::new(),
        "x".into(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.{}", parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        format!("{good}="),
        format!("{good} {good}"),
    ];
    for token in texts {
        assert_refused(call(&world, &token).await, &token.chars().take(60).collect::<String>());
    }
    world.end().await
}

#[tokio::test]
async fn one_authorization_header_of_the_right_scheme() -> Result<()> {
    let world = World::<Service>::start().await?;
    let good = format!("Bearer {}", world.issuer().key().sign(&claims())?);
    let basic = good.replace("Bearer", "Basic");
    let bare = good.replace("Bearer ", "");
    let lists: [&[&str]; 6] = [&[], &[&good, &good], &[&good, "Bearer x"], &[&basic], &[&bare], &["Bearer"]];
    for values in lists {
        let mut request = Request::new(ListOrganisationsRequest::default());
        for value in values {
            request.metadata_mut().append("authorization", value.parse()?);
        }
        let answered = NetworkServiceClient::new(world.channel()).list_organisations(request).await;
        assert_refused(answered.map(|_| ()), &format!("{} headers", values.len()));
    }
    let mut request = Request::new(ListOrganisationsRequest::default());
    request.metadata_mut().insert("authorization", good.replace("Bearer", "bEARER").parse()?);
    NetworkServiceClient::new(world.channel()).list_organisations(request).await?;
    world.end().await
}

#[tokio::test]
async fn no_issuer_makes_somebody_a_service_or_a_partner() -> Result<()> {
    let world = World::<Service>::start().await?;
    let organisation = json!(name("organisations"));
    for role in ["service", "partner", "king"] {
        let claims: Value = with(with(claims(), "roles", json!([role])), "organisation", organisation.clone());
        let claims = with(with(claims, "referral", json!(name("referrals"))), "purpose", json!("follow-up"));
        let session = world.session_with(&world.issuer().sign(&claims)?)?;
        let get = relais_proto::referral::v1::GetReferralRequest { name: name("referrals") };
        assert_eq!(session.referrals().get_referral(get).await.unwrap_err().code(), Code::PermissionDenied, "{role}");
    }
    world.end().await
}
