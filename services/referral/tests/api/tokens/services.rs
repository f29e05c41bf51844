//! Services that call one another, for a caller or for themselves.

use anyhow::Result;
use relais_platform::{
    calls::{
        Caller, Role,
        caller::{Grant, Purpose},
    },
    clock::machine_now,
    ids::{Child, OrganisationId, PartnerLinkId, PractitionerId, ReferralId, UnitId},
};
use relais_proto::operations::v1::{GetClockRequest, StreamSnapshotRequest};
use relais_referral::Referral as Service;
use relais_tests::{World, partnership};
use serde_json::{Value, json};
use tonic::Code;

use super::{Answered, assert_refused, call, now, with};

const ISSUER: &str = "https://issuer.relais.invalid";

/// What operators may do.
async fn operate(world: &World<Service>, token: &str) -> Answered {
    let session = world.session_with(token).map_err(|error| tonic::Status::internal(error.to_string()))?;
    session.operations().get_clock(GetClockRequest {}).await.map(|_| ())
}

/// What services rebuild from; how many aggregates were told.
async fn snapshot(world: &World<Service>, token: &str) -> Result<usize, tonic::Status> {
    let session = world.session_with(token).map_err(|error| tonic::Status::internal(error.to_string()))?;
    let request = StreamSnapshotRequest { aggregate_kind: "relais.referral.referral".into() };
    let mut told = session.operations().stream_snapshot(request).await?.into_inner();
    let mut count = 0;
    while told.message().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn operator() -> Caller {
    let expires_at = machine_now() + chrono::TimeDelta::hours(1);
    Caller { issuer: ISSUER.into(), subject: "o".into(), roles: vec![Role::Operator], expires_at, ..Caller::default() }
}

/// As the scheduling service signs for an operator at the referral service.
fn on_behalf() -> Value {
    json!({
        "iss": "urn:relais:service:scheduling", "aud": "urn:relais:service:referral", "sub": "o",
        "sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": "o"},
        "act": {"sub": "urn:relais:service:scheduling"}, "roles": ["operator"],
        "iat": now(), "nbf": now(), "exp": now() + 60,
    })
}

fn header(kid: &str) -> Value {
    json!({"alg": "EdDSA", "kid": kid, "typ": "relais-service+jwt"})
}

fn payload(token: &str) -> Result<Value> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap_or_default())?)?)
}

#[tokio::test]
async fn a_service_acts_for_a_caller_and_the_key_tells_both() -> Result<()> {
    let world = World::<Service>::start().await?;
    let token = world.running.context.key()?.on_behalf(&operator(), "referral")?;
    operate(&world, &token).await?;
    partnership::organisation(&world.session_with(&token)?, "A").await?;
    let own = world.session_with(&world.issuer().token(&relais_tests::Identity::new("o", "operator"))?)?;
    partnership::organisation(&own, "B").await?;
    for (key, sql) in [
        ("acting", "SELECT count(*) FROM audit WHERE caller = 'referral>https://issuer.relais.invalid|o'"),
        ("itself", "SELECT count(*) FROM audit WHERE caller = 'https://issuer.relais.invalid|o'"),
        ("keys", "SELECT count(DISTINCT caller) - 1 FROM idempotency_key"),
    ] {
        assert_eq!(world.count(sql).await?, 1, "{key}");
    }
    world.end().await
}

#[tokio::test]
async fn a_caller_is_handed_on_as_they_are_and_never_as_more() -> Result<()> {
    let world = World::<Service>::start().await?;
    let key = world.running.context.key()?;
    let (organisation, unit) = (OrganisationId::draw(), UnitId::draw());
    let practitioner = Child::new(organisation, PractitionerId::draw());
    let caller = Caller {
        organisation: Some(organisation),
        unit: Some(unit),
        practitioner: Some(practitioner),
        roles: vec![Role::Clinician, Role::Desk],
        actor: Some("results".into()),
        ..operator()
    };
    let told = payload(&key.on_behalf(&caller, "scheduling")?)?;
    assert_eq!(told["roles"], json!(["clinician", "desk"]));
    assert_eq!(told["organisation"], json!(organisation.to_string()));
    assert_eq!(told["unit"], json!(Child::new(organisation, unit).to_string()));
    assert_eq!(told["practitioner"], json!(practitioner.to_string()));
    assert_eq!(told["sub_id"]["iss"], json!(ISSUER));
    let act = json!({"sub": "urn:relais:service:referral", "act": {"sub": "urn:relais:service:results"}});
    assert_eq!((&told["act"], &told["aud"]), (&act, &json!("urn:relais:service:scheduling")));
    assert_eq!(told["exp"].as_i64().zip(told["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(60));
    // No longer than the caller's own token.
    let soon = Caller { expires_at: machine_now() + chrono::TimeDelta::seconds(7), ..operator() };
    assert_eq!(payload(&key.on_behalf(&soon, "scheduling")?)?["exp"], json!(soon.expires_at.timestamp()));
    // What is not a person's is not handed on, so that nobody becomes more by it.
    let (link, referral) = (PartnerLinkId::draw(), ReferralId::draw());
    let grant = Some(Grant { link, referral, purpose: Purpose::FollowUp });
    for caller in [
        Caller { grant, roles: vec![Role::Partner], ..operator() },
        Caller { roles: vec![Role::Operator, Role::Service], ..operator() },
    ] {
        assert_eq!(key.on_behalf(&caller, "scheduling").map_err(|error| error.reason), Err("NOT_PERMITTED"));
    }
    // Rights are those of the caller: a desk's service is a desk.
    let desk = Caller { roles: vec![Role::Desk], ..operator() };
    let refused = operate(&world, &key.on_behalf(&desk, "referral")?).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.end().await
}

/// Names of everybody's records: for the service that rebuilds from them, while an operator asks it to, and for no person.
#[tokio::test]
async fn a_snapshot_is_for_services_that_act_for_an_operator_alone() -> Result<()> {
    let partners = crate::partners::Partners::meet().await?;
    partners.submit().await?;
    let world = &partners.world;
    let key = world.running.context.key()?;
    assert_eq!(
        snapshot(world, &key.on_behalf(&operator(), "referral")?).await.map_err(|refused| refused.code()),
        Ok(1)
    );
    let own = world.issuer().token(&relais_tests::Identity::new("o", "operator"))?;
    let desk = Caller { roles: vec![Role::Desk, Role::Admin], ..operator() };
    for refused in [own, key.on_behalf(&desk, "referral")?, key.itself("referral")?] {
        assert_eq!(snapshot(world, &refused).await.map_err(|refused| refused.code()), Err(Code::PermissionDenied));
    }
    let rows = "SELECT count(*) FROM audit WHERE action LIKE '%/StreamSnapshot' AND outcome = 'refused'";
    assert_eq!(world.count(rows).await?, 3);
    partners.world.end().await
}

#[tokio::test]
async fn a_service_by_itself_has_no_rights_of_a_person() -> Result<()> {
    let world = World::<Service>::start().await?;
    let token = world.running.context.key()?.itself("referral")?;
    call(&world, &token).await?;
    assert_eq!(operate(&world, &token).await.unwrap_err().code(), Code::PermissionDenied);
    let scheduling = world.service_keys.of("scheduling")?;
    let bare = json!({"iss": "urn:relais:service:scheduling", "sub": "urn:relais:service:scheduling",
        "aud": "urn:relais:service:referral", "iat": now(), "exp": now() + 60, "roles": ["service"]});
    let kid = header("scheduling:development");
    call(&world, &scheduling.sign_as(&kid, &bare.to_string())?).await?;
    for (claim, value) in [
        ("roles", json!(["operator"])),
        ("roles", json!(["service", "operator"])),
        ("roles", json!([])),
        ("organisation", json!(OrganisationId::draw().to_string())),
        ("sub", json!("somebody")),
    ] {
        let claims = with(bare.clone(), claim, value.clone()).to_string();
        assert_refused(call(&world, &scheduling.sign_as(&kid, &claims)?).await, &format!("{claim}: {value}"));
    }
    world.end().await
}

#[tokio::test]
async fn no_service_signs_for_another() -> Result<()> {
    let world = World::<Service>::start().await?;
    let (scheduling, results) = (world.service_keys.of("scheduling")?, world.service_keys.of("results")?);
    let (ours, theirs) = (header("scheduling:development"), header("results:development"));
    operate(&world, &scheduling.sign_as(&ours, &on_behalf().to_string())?).await?;
    let claims = on_behalf().to_string();
    assert_refused(operate(&world, &results.sign_as(&ours, &claims)?).await, "scheduling's key id, results' signature");
    assert_refused(operate(&world, &results.sign_as(&theirs, &claims)?).await, "results' key, scheduling's name");
    let half = with(on_behalf(), "iss", json!("urn:relais:service:results")).to_string();
    assert_refused(operate(&world, &results.sign_as(&theirs, &half)?).await, "scheduling is said to act");
    for kid in ["scheduling", "scheduling:development:2", "development", "scheduling-development"] {
        assert_refused(operate(&world, &scheduling.sign_as(&header(kid), &claims)?).await, kid);
    }
    let as_a_person = json!({"alg": "EdDSA", "kid": "scheduling:development", "typ": "at+jwt"});
    assert_refused(operate(&world, &scheduling.sign_as(&as_a_person, &claims)?).await, "not by the issuer");
    let issuer = world.issuer().key();
    assert_refused(operate(&world, &issuer.sign_as(&header("development"), &claims)?).await, "not by a service");
    world.end().await
}

#[tokio::test]
async fn a_token_of_a_service_is_short_and_for_one_service() -> Result<()> {
    let world = World::<Service>::start().await?;
    let key = world.service_keys.of("scheduling")?;
    for (claim, value) in [
        ("aud", json!("urn:relais:service:results")),
        ("aud", json!("relais")),
        ("exp", json!(now() - 31)),
        ("exp", json!(now() + 3600)),
        ("iat", json!(null)),
        ("iat", json!(now() - 3600)),
        ("nbf", json!(now() + 60)),
        ("iss", json!(ISSUER)),
        ("act", json!("urn:relais:service:scheduling")),
        ("act", json!({})),
        ("sub_id", json!(null)),
        ("sub_id", json!({"format": "iss_sub", "iss": "", "sub": "o"})),
        ("sub_id", json!({"format": "iss_sub", "iss": ISSUER, "sub": "another"})),
        ("roles", json!(["service"])),
        ("roles", json!(["operator", "partner"])),
        ("referral", json!(ReferralId::draw().to_string())),
    ] {
        let claims = with(on_behalf(), claim, value.clone()).to_string();
        let token = key.sign_as(&header("scheduling:development"), &claims)?;
        assert_refused(operate(&world, &token).await, &format!("{claim}: {value}"));
    }
    world.end().await
}

#[tokio::test]
async fn without_keys_of_services_none_is_taken() -> Result<()> {
    let none = [("RELAIS__AUTH__SERVICE_KEY_FILE", ""), ("RELAIS__AUTH__SERVICES_JWKS_FILE", "")];
    let world = World::<Service>::start_with(&none).await?;
    let token =
        world.service_keys.of("scheduling")?.sign_as(&header("scheduling:development"), &on_behalf().to_string())?;
    assert_refused(operate(&world, &token).await, "no keys of services");
    let missing = world.running.context.key().map(|_| ()).map_err(|error| error.reason);
    assert_eq!(missing, Err("SERVICE_KEY_MISSING"));
    world.end().await
}
