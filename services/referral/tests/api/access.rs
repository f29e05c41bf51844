//! Tokens and roles: who gets in at all.

use anyhow::Result;
use relais_platform::{Service as _, calls::rules, clock::machine_now};
use relais_proto::{referral::v1::ListReferralsRequest, scheduling::v1::GetAppointmentRequest};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World};
use serde_json::json;
use tonic::{Code, Request};

async fn list(session: &Session) -> Result<(), tonic::Status> {
    session.referrals().list_referrals(ListReferralsRequest::default()).await.map(|_| ())
}

#[test]
fn every_rpc_has_a_rule() {
    let methods = relais_tests::methods(Service::GRPC);
    assert!(methods.len() >= 22, "{methods:?}");
    assert_eq!(rules::missing(Service::RULES, &methods), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_must_hold() -> Result<()> {
    let world = World::<Service>::start().await?;
    let now = machine_now().timestamp();
    let organisation = format!("organisations/{}", uuid::Uuid::now_v7());
    let good = json!({"iss": "https://issuer.relais.invalid", "aud": "relais", "sub": "s", "exp": now + 60,
        "roles": ["desk"], "organisation": organisation});
    list(&world.session_with(&world.issuer().sign(&good)?)?).await?;
    let wrong = [
        ("exp", json!(now - 60)),
        ("nbf", json!(now + 3600)),
        ("iss", json!("https://elsewhere.invalid")),
        ("aud", json!("another")),
        ("organisation", json!("organisations/1")),
        ("unit", json!(format!("organisations/{}/units/{}", uuid::Uuid::now_v7(), uuid::Uuid::now_v7()))),
        ("exp", json!(null)),
    ];
    for (claim, value) in wrong {
        let mut claims = good.clone();
        claims[claim] = value.clone();
        let status = list(&world.session_with(&world.issuer().sign(&claims)?)?).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{claim} = {value}");
    }
    let mut claims = good;
    claims["roles"] = json!(["king"]);
    let status = list(&world.session_with(&world.issuer().sign(&claims)?)?).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "an unknown role gives no right");
    world.end().await
}

#[tokio::test]
async fn what_another_service_serves_is_said_not_to_be_served_here() -> Result<()> {
    let world = World::<Service>::start().await?;
    let organisation = format!("organisations/{}", uuid::Uuid::now_v7());
    let caller = world.session(&Identity::new("s", "desk").of(&organisation))?;
    let elsewhere = caller.scheduling().get_appointment(GetAppointmentRequest::default()).await.unwrap_err();
    assert_eq!(elsewhere.code(), Code::Unimplemented, "{elsewhere:?}");
    assert!(elsewhere.message().contains("no such method is served at this address"), "{elsewhere:?}");
    let nobody =
        world.session_with("x")?.scheduling().get_appointment(GetAppointmentRequest::default()).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated, "whoever has no token is told nothing");
    world.end().await
}

#[tokio::test]
async fn other_keys_other_algorithms_and_no_token_are_refused() -> Result<()> {
    let world = World::<Service>::start().await?;
    let identity = Identity::new("s", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let elsewhere = relais_tests::Issuer::open(&world.servers.state.join(world.servers.unique("elsewhere")))?;
    let forged = elsewhere.token(&identity)?;
    // {"alg":"none","kid":"development"} and {"alg":"HS256","kid":"development"}
    let body = world.issuer().token(&identity)?.split('.').nth(1).unwrap_or_default().to_string();
    let none = format!("eyJhbGciOiJub25lIiwia2lkIjoiZGV2ZWxvcG1lbnQifQ.{body}.");
    let hmac = format!("eyJhbGciOiJIUzI1NiIsImtpZCI6ImRldmVsb3BtZW50In0.{body}.AAAA");
    for token in [forged, none, hmac, "not.a.token".into(), "x".into()] {
        let status = list(&world.session_with(&token)?).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{token}");
    }
    use relais_proto::referral::v1::referral_service_client::ReferralServiceClient;
    let bare = ReferralServiceClient::new(world.channel()).list_referrals(Request::new(Default::default())).await;
    assert_eq!(bare.unwrap_err().code(), Code::Unauthenticated);
    world.end().await
}

#[tokio::test]
async fn a_role_that_may_not_call_is_refused_before_anything_is_looked_up() -> Result<()> {
    let world = World::<Service>::start().await?;
    let funder = world.session(&Identity::new("f", "funder").of(&format!("organisations/{}", uuid::Uuid::now_v7())))?;
    assert_eq!(list(&funder).await.unwrap_err().code(), Code::PermissionDenied);
    let homeless = world.session(&Identity::new("h", "desk"))?;
    assert_eq!(list(&homeless).await.unwrap_err().code(), Code::PermissionDenied);
    world.end().await
}
