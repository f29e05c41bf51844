//! Too many calls at once, and calls that come too late.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::join_all;
use relais_platform::calls::{Call, Caller};
use relais_proto::referral::v1::GetReferralRequest;
use relais_tests::{Identity, Session, World};
use sqlx::{Connection, Executor, PgConnection};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::partners::Partners;

/// Nobody reads or writes a referral until it is taken back.
const HELD_UP: &str = "BEGIN; LOCK TABLE referral IN ACCESS EXCLUSIVE MODE";

/// Waits until so many calls wait for the lock.
async fn until_held_up(intruder: &mut PgConnection, calls: i64) -> Result<()> {
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'referral'::regclass AND NOT granted";
    for _ in 0..100 {
        if sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *intruder).await? >= calls {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{calls} calls are not under way")
}

#[tokio::test]
async fn calls_beyond_the_limits_are_refused_at_once_with_when_to_come_again() -> Result<()> {
    let limits = [("RELAIS__SERVER__MAX_IN_FLIGHT", "5"), ("RELAIS__SERVER__MAX_IN_FLIGHT_PER_ORGANISATION", "3")];
    let partners = Partners::meet_with(&limits).await?;
    let name = partners.submit().await?.name;
    let mut intruder = partners.world.intruder().await?;
    intruder.execute(HELD_UP).await?;
    let get = |session: &Session| {
        let (mut client, request) = (session.referrals(), GetReferralRequest { name: name.clone() });
        async move { client.get_referral(request).await }
    };
    let stranger =
        partners.world.session(&Identity::new("s", "desk").of("organisations/01999999-9999-7999-8999-999999999999"))?;
    let slow: Vec<_> = (0..3).map(|_| tokio::spawn(get(&partners.desk))).collect();
    until_held_up(&mut intruder, 3).await?;
    let began = Instant::now();
    let own = get(&partners.desk).await.expect_err("a fourth of the organisation");
    assert_eq!(own.code(), Code::ResourceExhausted, "{own:?}");
    assert!(own.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()), "{own:?}");
    assert!(own.get_details_error_info().is_some_and(|info| info.reason == "TOO_MANY_CALLS"), "{own:?}");
    // Another organisation still finds a place, until there is none for anybody.
    let others: Vec<_> = (0..2).map(|_| tokio::spawn(get(&stranger))).collect();
    until_held_up(&mut intruder, 5).await?;
    let full = get(&stranger).await.expect_err("a sixth of all");
    assert!(full.get_details_error_info().is_some_and(|info| info.reason == "OVERLOADED"), "{full:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    partners.world.until_serving().await?;
    intruder.execute("ROLLBACK").await?;
    intruder.close().await?;
    for answer in join_all(slow).await {
        answer?.context("one that was let in")?;
    }
    for answer in join_all(others).await {
        assert_eq!(answer?.err().map(|status| status.code()), Some(Code::NotFound), "let in, and shown nothing");
    }
    get(&partners.desk).await.context("afterwards")?;
    partners.world.end().await
}

#[tokio::test]
async fn a_call_ends_before_its_deadline_and_says_so() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let mut intruder = partners.world.intruder().await?;
    intruder.execute(HELD_UP).await?;
    let mut request = Request::new(GetReferralRequest { name: sent.name.clone() });
    // In a header alone: the client itself would give up, too.
    request.metadata_mut().insert("grpc-timeout", "400m".parse()?);
    let (began, mut client) = (Instant::now(), partners.desk.referrals());
    let late = client.get_referral(request).await.expect_err("nobody can read it");
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
    assert!((Duration::from_millis(300)..Duration::from_secs(2)).contains(&began.elapsed()), "{:?}", began.elapsed());
    intruder.execute("ROLLBACK").await?;
    intruder.close().await?;
    client.get_referral(GetReferralRequest { name: sent.name }).await?;
    partners.world.end().await
}

#[tokio::test]
async fn what_is_left_of_the_time_is_passed_on() -> Result<()> {
    let world: World<relais_referral::Referral> = World::start().await?;
    let deadline = Some(Instant::now() + Duration::from_millis(700));
    let caller = Caller { issuer: "i".into(), subject: "s".into(), ..Caller::nobody() };
    let call = Call { caller, deadline, ..Call::typed("test") };
    let request = world.running.context.on_behalf(&call, "scheduling", ())?;
    let told = request.metadata().get("grpc-timeout").context("no deadline is passed on")?.to_str()?;
    let micros: u64 = told.trim_end_matches(char::is_alphabetic).parse()?;
    let unit: u64 = match told.chars().last() {
        Some('n') => 1,
        Some('u') => 1_000,
        _ => 1_000_000,
    };
    assert!(micros * unit <= 700_000_000, "{told}");
    world.end().await
}
