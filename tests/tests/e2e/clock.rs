//! The clock: forward alone, followed by every service, fixed in production.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use prost_types::Timestamp;
use relais_platform::{calls::token::service_key, clock::machine_now};
use relais_proto::operations::v1::{AdvanceClockRequest, GetClockRequest};
use relais_tests::{Identity, Issuer, Options, Session, SigningKey, Staying, Suite, violations};
use serde_json::{Value, json};
use tokio::process::Command;
use tonic::Code;

const YEAR: i64 = 365 * 24 * 3_600;

async fn now(session: &Session) -> Result<i64> {
    let answer = session.operations().get_clock(GetClockRequest {}).await?.into_inner();
    Ok(answer.time.context("no time")?.seconds)
}

async fn advance(session: &Session, seconds: i64) -> Result<i64, tonic::Status> {
    let request = AdvanceClockRequest { time: Some(Timestamp { seconds, nanos: 0 }) };
    Ok(session.operations().advance_clock(request).await?.into_inner().time.unwrap_or_default().seconds)
}

#[tokio::test]
async fn the_clock_goes_forward_and_never_back() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let identity = Identity::new("operator", "operator");
    let operator = suite.sessions(&identity)?;
    let start = now(&operator.referral).await?;
    let lasting = suite.issuer.token_until(&identity, start + 2 * YEAR)?;
    let lasting = Session::new(suite.channel("referral")?, &lasting)?;
    assert!(advance(&lasting, start + YEAR).await? >= start + YEAR);
    assert!(advance(&lasting, start).await? >= start + YEAR, "a time that has passed changes nothing");
    assert!(now(&operator.scheduling).await? < start + YEAR, "each service has a clock of its own");
    // Tokens are checked by this clock: the one of an hour has expired a year later.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let expired = operator.referral.operations().get_clock(GetClockRequest {}).await.unwrap_err();
    assert_eq!(expired.code(), Code::Unauthenticated);
    suite.stop().await
}

/// As `./dev token` makes one: of whom the issuer gives it, at whatever time the services have.
async fn token_of(program: &mut Command) -> Result<String> {
    let made = program.args(["--subject", "operator", "--role", "operator"]).output().await?;
    anyhow::ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(String::from_utf8(made.stdout)?.trim().to_string())
}

#[tokio::test]
async fn tokens_are_made_for_the_time_to_which_somebody_moved_a_clock() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    // By hand: nobody notes how far.
    let start = now(&operator.scheduling).await?;
    advance(&operator.scheduling, start + YEAR).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let folder = suite.servers.state.join(suite.servers.unique("staying"));
    std::fs::create_dir_all(&folder)?;
    Staying::note(&suite, &folder)?;
    let issuer = || Command::new(env!("CARGO_BIN_EXE_relais-issuer"));
    let keys = suite.issuer.jwks().parent().context("the issuer's keys have no folder")?;
    let (ahead, short) = (YEAR.to_string(), (YEAR - 7_200).to_string());
    let said = token_of(issuer().arg("--keys").arg(keys).args(["--ahead", &ahead])).await?;
    let read = token_of(issuer().env("RELAIS_DEV_STATE", &folder)).await?;
    for token in [said, read] {
        now(&Session::new(suite.channel("scheduling")?, &token)?).await?;
        now(&Session::new(suite.channel("referral")?, &token)?).await.context("a clock that is behind")?;
    }
    let unmoved = token_of(issuer().arg("--keys").arg(keys)).await?;
    let too_short = token_of(issuer().env("RELAIS_DEV_STATE", &folder).args(["--ahead", &short])).await?;
    for token in [unmoved, too_short] {
        let session = Session::new(suite.channel("scheduling")?, &token)?;
        let expired = session.operations().get_clock(GetClockRequest {}).await.unwrap_err();
        assert_eq!(expired.code(), Code::Unauthenticated);
    }
    suite.stop().await
}

#[tokio::test]
async fn bad_times_and_other_roles_are_refused() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    for seconds in [i64::MAX, i64::MIN, 253_402_300_800] {
        let refused = advance(&operator.results, seconds).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["time".to_string()]));
    }
    let desk = suite.sessions(&Identity::new("desk", "desk"))?;
    assert_eq!(advance(&desk.results, 0).await.unwrap_err().code(), Code::PermissionDenied);
    suite.stop().await
}

/// What a suite needs in production, where neither the development issuer nor its keys are taken: settings, the issuer's private key, and
/// the file of its public one.
pub fn production() -> Result<(HashMap<String, String>, Value, PathBuf)> {
    let (private, public) = service_key::generate("2026-1")?;
    let keys = std::env::temp_dir().join(format!("relais-jwks-{}.json", uuid::Uuid::now_v7()));
    std::fs::write(&keys, json!({"keys": [public]}).to_string())?;
    let settings = [
        ("RELAIS__ENVIRONMENT", "production".to_string()),
        ("RELAIS__TLS__ELSEWHERE", "grpc,broker,database".to_string()),
        ("RELAIS__AUTH__ISSUER", "https://issuer.example".to_string()),
        ("RELAIS__AUTH__JWKS_FILE", keys.display().to_string()),
        ("RELAIS__AUTH__SERVICE_KEY_FILE", String::new()),
        ("RELAIS__AUTH__SERVICES_JWKS_FILE", String::new()),
    ];
    let settings = settings.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    Ok((settings, private, keys))
}

#[tokio::test]
async fn in_production_the_clock_is_fixed() -> Result<()> {
    let (settings, private, keys) = production()?;
    let suite = Suite::start(Options { settings }).await?;
    let mut claims = Issuer::claims(&Identity::new("operator", "operator"), machine_now().timestamp() + 3_600);
    claims["iss"] = "https://issuer.example".into();
    let token = SigningKey::of_jwk(&private)?.sign(&claims)?;
    let operator = Session::new(suite.channel("referral")?, &token)?;
    let start = now(&operator).await?;
    let refused = advance(&operator, start + YEAR).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(now(&operator).await? < start + YEAR);
    std::fs::remove_file(keys)?;
    suite.stop().await
}
