//! The clock: forward alone, followed by every service, fixed in production.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use prost_types::Timestamp;
use relais_proto::operations::v1::{AdvanceClockRequest, GetClockRequest};
use relais_tests::{Identity, Options, Session, Suite, violations};
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

#[tokio::test]
async fn in_production_the_clock_is_fixed() -> Result<()> {
    let settings = HashMap::from([("RELAIS__ENVIRONMENT".to_string(), "production".to_string())]);
    let suite = Suite::start(Options { settings }).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let start = now(&operator.referral).await?;
    let refused = advance(&operator.referral, start + YEAR).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(now(&operator.referral).await? < start + YEAR);
    suite.stop().await
}
