//! Tokens: whose keys are taken, what is refused, and how services call for others.

mod input;
mod keys;
mod services;

use anyhow::Result;
use relais_platform::clock::machine_now;
use relais_proto::network::v1::ListOrganisationsRequest;
use relais_referral::Referral as Service;
use relais_tests::{Identity, Issuer, World};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

type Answered = std::result::Result<(), Status>;

/// What everybody with a valid token may do.
async fn call(world: &World<Service>, token: &str) -> Answered {
    let session = world.session_with(token).map_err(|error| Status::internal(error.to_string()))?;
    session.network().list_organisations(ListOrganisationsRequest::default()).await.map(|_| ())
}

/// Claims that hold.
fn claims() -> Value {
    Issuer::claims(&Identity::new("s", "desk"), now() + 600)
}

fn now() -> i64 {
    machine_now().timestamp()
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// That it was refused as every token is that does not hold.
fn assert_refused(answered: Answered, what: &str) {
    let status = answered.err().unwrap_or_else(|| Status::ok("it was taken"));
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    assert_eq!((status.code(), reason.as_str()), (Code::Unauthenticated, "TOKEN_INVALID"), "{what}: {status}");
    for inner in ["jwk", "JWK", "127.0.0.1", "serde", "column", "InvalidSignature"] {
        assert!(!status.message().contains(inner), "{what}: {status}");
    }
}

async fn world_at(url: &str, more: &[(&str, &str)]) -> Result<World<Service>> {
    let at = [("RELAIS__AUTH__JWKS_FILE", ""), ("RELAIS__AUTH__JWKS_URL", url)];
    World::start_with(&[&at[..], more].concat()).await
}

fn ours() -> Value {
    json!({"alg": "EdDSA", "kid": "development"})
}
