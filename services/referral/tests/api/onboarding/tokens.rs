//! Tokens of sessions: what makes one, and what makes none.

use anyhow::Result;
use relais_platform::{clock::machine_now, ids::OrganisationId};
use relais_proto::network::v1::ListOrganisationsRequest;
use relais_referral::Referral as Service;
use relais_tests::World;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

const ISSUER: &str = "https://issuer.relais.invalid";

fn header(kid: &str) -> Value {
    json!({"alg": "EdDSA", "kid": kid, "typ": "relais-service+jwt"})
}

fn claims(organisation: &str) -> Value {
    let now = machine_now().timestamp();
    json!({
        "iss": "urn:relais:service:referral", "aud": ["urn:relais:service:results", "urn:relais:service:referral"],
        "sub": "alice", "sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": "alice"}, "organisation": organisation,
        "member": format!("{organisation}/members/{}", Uuid::now_v7()), "roles": ["desk"],
        "iat": now, "nbf": now, "exp": now + 900,
    })
}

async fn code(world: &World<Service>, token: &str) -> Result<Code> {
    let answer = world.session_with(token)?.network().list_organisations(ListOrganisationsRequest::default()).await;
    Ok(answer.err().map_or(Code::Ok, |status| status.code()))
}

#[tokio::test]
async fn what_makes_a_session() -> Result<()> {
    let world = World::<Service>::start().await?;
    let key = world.service_keys.of("referral")?;
    let organisation = OrganisationId::draw().to_string();
    let good = claims(&organisation);
    assert_eq!(code(&world, &key.sign_as(&header("referral:development"), &good.to_string())?).await?, Code::Ok);
    let now = machine_now().timestamp();
    let wrong = [
        ("roles", json!(["operator"])),
        ("roles", json!(["desk", "network"])),
        ("roles", json!(["service"])),
        ("roles", json!(["partner"])),
        ("organisation", json!(OrganisationId::draw().to_string())),
        ("organisation", Value::Null),
        ("member", json!(organisation)),
        ("member", json!(format!("{}/members/{}", OrganisationId::draw(), Uuid::now_v7()))),
        ("exp", json!(now + 3_600)),
        ("iat", Value::Null),
        ("aud", json!(["urn:relais:service:results"])),
        ("sub_id", Value::Null),
        ("sub_id", json!({"format": "iss_sub", "iss": ISSUER, "sub": "bob"})),
        ("sub_id", json!({"format": "iss_sub", "iss": "", "sub": "alice"})),
        ("act", json!({"sub": "urn:relais:service:referral"})),
        ("referral", json!(format!("referrals/{}", Uuid::now_v7()))),
        ("iss", json!("urn:relais:service:scheduling")),
    ];
    for (claim, value) in wrong {
        let mut claims = good.clone();
        claims[claim] = value.clone();
        let token = key.sign_as(&header("referral:development"), &claims.to_string())?;
        assert_eq!(code(&world, &token).await?, Code::Unauthenticated, "{claim}: {value}");
    }
    // No other service makes sessions, and no issuer.
    let mut theirs = good.clone();
    theirs["iss"] = json!("urn:relais:service:scheduling");
    let key = world.service_keys.of("scheduling")?;
    for claims in [&theirs, &good] {
        let token = key.sign_as(&header("scheduling:development"), &claims.to_string())?;
        assert_eq!(code(&world, &token).await?, Code::Unauthenticated);
    }
    let token = world.issuer().key().sign_as(&header("development"), &good.to_string())?;
    assert_eq!(code(&world, &token).await?, Code::Unauthenticated);
    world.end().await
}
