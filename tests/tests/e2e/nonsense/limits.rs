//! The limits of a connection, each kept where it is set: headers, streams, connections at once, age, silence.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use relais_tests::{Options, Suite};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tonic::Request;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::frames::{GOAWAY, PATIENCE, PING, RESET, SETTINGS, fields_to, frame, greeted, next, next_of};

/// A call that waits for its message, and needs no token.
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// Its content type, in HPACK: the name is the 31st of its table.
pub(super) const GRPC: &[u8] = b"\x0f\x10\x10application/grpc";

/// One service with these limits.
pub(super) async fn limited(limits: &[(&str, &str)]) -> Result<Suite> {
    let settings = limits.iter().map(|(limit, value)| (format!("RELAIS__SERVER__{limit}"), value.to_string()));
    let mut suite = Suite::prepare(Options { settings: settings.collect() }).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    Ok(suite)
}

#[tokio::test]
async fn headers_are_taken_up_to_the_limit() -> Result<()> {
    let suite = limited(&[("MAX_HEADER_BYTES", "4096")]).await?;
    for (size, is_taken) in [(3_000, true), (6_000, false), (100_000, false)] {
        let mut request = Request::new(HealthCheckRequest::default());
        request.metadata_mut().insert("x-long", "z".repeat(size).parse()?);
        let answer = HealthClient::new(suite.channel("referral")?).check(request).await;
        ensure!(answer.is_ok() == is_taken, "{size} bytes: {answer:?}");
    }
    ensure!(suite.health("referral", "").await? == ServingStatus::Serving, "it is not well");
    suite.stop().await
}

#[tokio::test]
async fn a_connection_has_so_many_streams_and_no_more() -> Result<()> {
    let suite = limited(&[("MAX_STREAMS_PER_CONNECTION", "7")]).await?;
    let mut peer = greeted(&suite).await?;
    let told = next_of(&mut peer, SETTINGS).await?.payload;
    ensure!(told.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 7]), "clients are not told of it: {told:?}");
    // Each waits for a message that does not come.
    let open = |n: u32| frame(1, 4, 2 * n + 1, &fields_to(CHECK, GRPC));
    peer.write_all(&(0..8).flat_map(open).collect::<Vec<_>>()).await?;
    let refused = next_of(&mut peer, RESET).await?;
    // REFUSED_STREAM: nothing was done, it may be tried again.
    ensure!((refused.stream, refused.payload.as_slice()) == (15, &[0, 0, 0, 7][..]), "{}", refused.stream);
    suite.stop().await
}

/// Whether the server greets a peer that has greeted.
async fn is_greeted(peer: &mut TcpStream, within: Duration) -> bool {
    matches!(timeout(within, peer.read(&mut [0; 1])).await, Ok(Ok(1)))
}

#[tokio::test]
async fn so_many_connections_are_served_and_the_next_one_waits_for_its_turn() -> Result<()> {
    let suite = limited(&[("MAX_CONNECTIONS", "4")]).await?;
    let mut served = Vec::new();
    let mut waiting = loop {
        let mut peer = greeted(&suite).await?;
        if !is_greeted(&mut peer, Duration::from_secs(2)).await {
            break peer;
        }
        served.push(peer);
        ensure!(served.len() <= 4, "{} are served", served.len());
    };
    ensure!(!served.is_empty(), "nobody is served");
    drop(served);
    ensure!(is_greeted(&mut waiting, PATIENCE).await, "nobody takes the place that came free");
    suite.stop().await
}

#[tokio::test]
async fn an_old_connection_is_told_to_go() -> Result<()> {
    let suite = limited(&[("MAX_CONNECTION_AGE_MS", "700")]).await?;
    let mut peer = greeted(&suite).await?;
    // A call that never gets its message holds it open, at first.
    peer.write_all(&frame(1, 4, 1, &fields_to(CHECK, GRPC))).await?;
    let began = Instant::now();
    next_of(&mut peer, GOAWAY).await?;
    let told = began.elapsed();
    while let Ok(Some(_)) = next(&mut peer).await {}
    let cut = began.elapsed();
    ensure!(cut < PATIENCE, "what does not end keeps its connection");
    ensure!(cut > told + Duration::from_millis(300), "told after {told:?}, cut after {cut:?}: nobody has time to go");
    suite.stop().await
}

#[tokio::test]
async fn a_peer_that_is_silent_is_asked_whether_it_lives_and_hung_up_on() -> Result<()> {
    let suite = limited(&[("KEEPALIVE_MS", "900")]).await?;
    // Half open: as after a power cut, nothing comes back.
    let mut dead = greeted(&suite).await?;
    next_of(&mut dead, PING).await?;
    let mut closed = false;
    while !closed {
        closed = next(&mut dead).await?.is_none_or(|seen| seen.kind == GOAWAY);
    }
    // Who answers stays.
    let mut alive = greeted(&suite).await?;
    let (began, mut pings) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(4) {
        let seen = next(&mut alive).await?.context("a peer that answers was hung up on")?;
        ensure!(seen.kind != GOAWAY, "a peer that answers was told to go");
        if seen.kind == PING && seen.flags == 0 {
            pings += 1;
            alive.write_all(&frame(PING, 1, 0, &seen.payload)).await?;
        }
    }
    ensure!(pings >= 2, "{pings} pings");
    suite.stop().await
}
