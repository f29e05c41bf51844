//! SIGTERM: over within 15 s of it, whoever is idle, half open or hangs, and nothing lost that was taken up.

use std::{
    collections::HashMap,
    process::ExitStatus,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use relais_proto::referral::v1::Referral;
use relais_tests::{Options, Suite, partnership::Partners, request_id};
use sqlx::{Connection, Executor, PgConnection};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::frames::{PREFACE, connect, frame};

/// From SIGTERM to the end.
const END: Duration = Duration::from_secs(15);
/// `server.drain_ms`, which none of these suites sets.
const DRAIN: Duration = Duration::from_secs(10);
/// Nobody reads or writes a referral until it is taken back.
const HELD_UP: &str = "BEGIN; LOCK TABLE referral IN ACCESS EXCLUSIVE MODE";
/// Calls under way, fewer than a service has connections here.
const UNDER_WAY: i64 = 6;

/// 200 idle connections, and 50 in the midst of their greeting.
async fn crowd(suite: &Suite) -> Result<Vec<TcpStream>> {
    let mut peers = Vec::new();
    for n in 0..250 {
        let mut peer = connect(suite).await?;
        let said = if n < 200 { [PREFACE, &frame(4, 0, 0, &[])].concat() } else { PREFACE[..n % 24].to_vec() };
        peer.write_all(&said).await?;
        peers.push(peer);
    }
    Ok(peers)
}

/// Sends SIGTERM: how it ended, and how long after.
async fn ended(suite: &mut Suite) -> Result<(ExitStatus, Duration)> {
    suite.end("referral")?;
    let began = Instant::now();
    Ok((suite.until_ended("referral").await?, began.elapsed()))
}

/// Each of these very referrals is there.
async fn are_kept(suite: &Suite, acknowledged: &[Referral]) -> Result<()> {
    let numbers: Vec<_> = acknowledged.iter().map(|referral| referral.number.clone()).collect();
    let mut owner = suite.owner("referral").await?;
    let kept = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM referral WHERE number = ANY($1)").bind(&numbers);
    let kept = kept.fetch_one(&mut owner).await?;
    owner.close().await?;
    ensure!(kept == i64::try_from(numbers.len())?, "of {} that were acknowledged {kept} are there", numbers.len());
    Ok(())
}

/// Waits until so many calls wait for the lock.
async fn until_held_up(holder: &mut PgConnection) -> Result<()> {
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'referral'::regclass AND NOT granted";
    for _ in 0..200 {
        if sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *holder).await? >= UNDER_WAY {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{UNDER_WAY} calls are not under way")
}

#[tokio::test]
async fn with_idle_and_half_open_peers_it_ends_in_time_and_keeps_what_it_acknowledged() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let peers = crowd(&suite).await?;
    let calls = (0..64).map(|_| partners.submit(partners.request_as(request_id())));
    let mut calls: FuturesUnordered<_> = calls.collect();
    // The signal comes with the first answer: the others are under way, or come too late.
    let first = calls.next().await.context("nothing was called")??;
    let (answers, ended) = tokio::join!(calls.collect::<Vec<_>>(), ended(&mut suite));
    let (status, took) = ended?;
    ensure!(status.success() && took <= END, "it ended with {status} after {took:?}");
    let acknowledged: Vec<_> = answers.into_iter().flatten().chain([first]).collect();
    are_kept(&suite, &acknowledged).await?;
    drop(peers);
    suite.stop().await
}

#[tokio::test]
async fn who_watches_its_health_is_told_of_the_end_and_does_not_hold_it_up() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let asked = HealthCheckRequest { service: String::new() };
    let mut watched = HealthClient::new(suite.channel("referral")?).watch(asked).await?.into_inner();
    let first = watched.message().await?.context("nothing is told")?;
    ensure!(first.status() == ServingStatus::Serving, "{first:?}");
    let (status, took) = ended(&mut suite).await?;
    ensure!(status.success() && took < DRAIN / 2, "it ended with {status} after {took:?}");
    let last = watched.message().await?.context("nothing is told of the end")?;
    ensure!(last.status() == ServingStatus::NotServing, "{last:?}");
    suite.stop().await
}

#[tokio::test]
async fn what_is_under_way_at_the_signal_is_answered_and_kept() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let mut holder = suite.owner("referral").await?;
    holder.execute(HELD_UP).await?;
    let calls = join_all((0..UNDER_WAY).map(|_| partners.submit(partners.request_as(request_id()))));
    let ending = async {
        until_held_up(&mut holder).await?;
        let release = async {
            sleep(Duration::from_secs(2)).await;
            holder.execute("ROLLBACK").await.context("letting the calls go on")
        };
        let (ended, released) = tokio::join!(ended(&mut suite), release);
        released?;
        ended
    };
    let (answers, ended) = tokio::join!(calls, ending);
    let (status, took) = ended?;
    ensure!(status.success() && took <= END, "it ended with {status} after {took:?}");
    let acknowledged = answers.into_iter().collect::<Result<Vec<_>>>().context("a call under way was dropped")?;
    are_kept(&suite, &acknowledged).await?;
    holder.close().await?;
    suite.stop().await
}

/// The worst of all: calls that hang, and a receiver of spans and metrics that takes connections and says nothing.
#[tokio::test]
async fn with_calls_that_hang_and_nobody_who_takes_spans_it_ends_in_time() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((peer, _)) = silent.accept().await {
            kept.push(peer);
        }
    });
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), endpoint),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS".to_string(), "300".to_string()),
        ("RELAIS__DATABASE__STATEMENT_TIMEOUT_MS".to_string(), "120000".to_string()),
        ("RELAIS__SERVER__REQUEST_TIMEOUT_MS".to_string(), "120000".to_string()),
    ]);
    let mut suite = Suite::start(Options { settings }).await?;
    let partners = Partners::meet(&suite).await?;
    let peers = crowd(&suite).await?;
    let mut holder = suite.owner("referral").await?;
    holder.execute(HELD_UP).await?;
    let calls = join_all((0..UNDER_WAY).map(|_| partners.submit(partners.request_as(request_id()))));
    let ending = async {
        until_held_up(&mut holder).await?;
        ended(&mut suite).await
    };
    let (_, ended) = tokio::join!(calls, ending);
    let (status, took) = ended?;
    ensure!(status.success() && took <= END, "it ended with {status} after {took:?}");
    ensure!(took >= DRAIN, "the calls had {took:?} to end, and not {DRAIN:?}");
    holder.execute("ROLLBACK").await?;
    holder.close().await?;
    drop(peers);
    suite.stop().await
}
