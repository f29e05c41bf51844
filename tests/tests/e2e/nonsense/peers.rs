//! Peers at the level of TCP: who says nothing, and who says too much.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use relais_tests::{Options, Suite};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use super::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, GOAWAY, HEADERS, PATIENCE, PING, PREFACE, RESET, SETTINGS, WINDOW, connect,
        field, fields_to, frame, greeted, next,
    },
    is_well,
};

/// `server.handshake_ms` in these tests.
const HANDSHAKE_MS: &str = "1000";

async fn patient_suite() -> Result<Suite> {
    let setting = ("RELAIS__SERVER__HANDSHAKE_MS".to_string(), HANDSHAKE_MS.to_string());
    Suite::start(Options { settings: HashMap::from([setting]) }).await
}

#[tokio::test]
async fn who_does_not_begin_to_speak_is_hung_up_on() -> Result<()> {
    let suite = patient_suite().await?;
    for said in [&b""[..], &PREFACE[..7], b"\x16\x03\x01"] {
        let mut peer = connect(&suite).await?;
        peer.write_all(said).await?;
        let ended = timeout(Duration::from_secs(5), peer.read(&mut [0; 64])).await;
        let ended = ended.with_context(|| format!("after {said:?} the connection stays open"))?;
        ensure!(ended.unwrap_or(0) == 0, "{said:?} is answered");
    }
    // Who begins in another tongue is not answered in it.
    for said in
        ["POST /relais.referral.v1.ReferralService/ListReferrals HTTP/1.1", "GET / HTTP/1.0", "OPTIONS * HTTP/1.1"]
    {
        let mut peer = connect(&suite).await?;
        peer.write_all(format!("{said}\r\nhost: x\r\ncontent-type: application/grpc\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, peer.read_to_end(&mut answer)).await;
        ended.with_context(|| format!("after {said} the connection stays open"))?.ok();
        ensure!(!answer.starts_with(b"HTTP/"), "{said} is answered: {:?}", String::from_utf8_lossy(&answer));
    }
    // One byte every so often is no beginning either.
    let mut slow = connect(&suite).await?;
    let began = Instant::now();
    for byte in PREFACE {
        if slow.write_all(&[*byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    ensure!(slow.read(&mut [0; 64]).await.unwrap_or(0) == 0, "byte by byte it was let in after {:?}", began.elapsed());
    is_well(&suite).await?;
    suite.stop().await
}

/// What is due to a peer that floods, or breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Due {
    /// It may go on: a ping of its own is answered.
    Patience,
    /// It is told to go (GOAWAY), or its connection is closed.
    HangUp,
}

/// The ping that each sends last.
const LAST: &[u8; 8] = b"the last";

fn fields(more: &[u8]) -> Vec<u8> {
    fields_to("/relais.referral.v1.ReferralService/ListReferrals", more)
}

/// The headers of a call on the nth stream of a client.
fn opened(n: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 2 * n + 1, &fields(&[]))
}

fn floods() -> Vec<(&'static str, Due, Vec<u8>)> {
    let cancelled = |n| [opened(n), frame(RESET, 0, 2 * n + 1, &8_u32.to_be_bytes())].concat();
    let nothing = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    vec![
        ("pings", Due::Patience, frame(PING, 0, 0, &[7; 8]).repeat(20_000)),
        ("settings", Due::Patience, frame(SETTINGS, 0, 0, &[]).repeat(20_000)),
        ("rapid resets", Due::HangUp, (0..10_000).flat_map(cancelled).collect()),
        ("streams that stay open", Due::Patience, (0..10_000).flat_map(opened).collect()),
        ("empty data", Due::HangUp, [opened(0), frame(DATA, 0, 1, &[]).repeat(20_000)].concat()),
        (
            "continuations",
            Due::HangUp,
            [frame(HEADERS, 0, 1, &fields(&[])), frame(CONTINUATION, 0, 1, &[0; 16_000]).repeat(500)].concat(),
        ),
        ("headers too long", Due::Patience, frame(HEADERS, END_HEADERS, 1, &fields(&field("y", &[b'z'; 16_300])))),
        ("a window of nothing", Due::Patience, [nothing, opened(0)].concat()),
        ("a window too large", Due::HangUp, frame(WINDOW, 0, 0, &u32::MAX.to_be_bytes()).repeat(3)),
        ("data of no stream", Due::HangUp, frame(DATA, 0, 99, b"x").repeat(100)),
        ("a frame too long", Due::HangUp, frame(DATA, 0, 1, &vec![0; 100_000])),
        ("an even stream", Due::HangUp, frame(HEADERS, END_HEADERS, 2, &fields(&[]))),
        ("no HPACK", Due::HangUp, frame(HEADERS, END_HEADERS, 1, &[0xff; 64])),
        ("frames nobody knows", Due::Patience, frame(0xee, 0xff, 0, &[1; 99]).repeat(1_000)),
    ]
}

/// What came of it: the last ping is answered, or the connection ends.
async fn outcome(peer: &mut (impl AsyncRead + Unpin)) -> Due {
    loop {
        match next(peer).await {
            Ok(Some(seen)) if seen.kind == PING && seen.payload == LAST => return Due::Patience,
            Ok(Some(seen)) if seen.kind != GOAWAY => {}
            _ => return Due::HangUp,
        }
    }
}

#[tokio::test]
async fn floods_and_nonsense_of_frames_cost_only_their_own_connection() -> Result<()> {
    let suite = patient_suite().await?;
    let pid = suite.pid("referral")?;
    let before = resident(pid)?;
    let mut others = Vec::new();
    for (what, due, flood) in floods() {
        let (mut reads, mut writes) = greeted(&suite).await?.into_split();
        let sent = [flood, frame(PING, 0, 0, LAST)].concat();
        // It may hang up in the midst: that is its right.
        let (came, _) = tokio::join!(outcome(&mut reads), timeout(PATIENCE, writes.write_all(&sent)));
        if came != due {
            others.push(format!("{what}: {came:?} instead of {due:?}"));
        }
        is_well(&suite).await.context(what)?;
    }
    ensure!(others.is_empty(), "{others:?}");
    ensure!(suite.pid("referral")? == pid, "it was started anew");
    let grown = resident(pid)?.saturating_sub(before);
    ensure!(grown <= 64 << 20, "{} MiB were kept", grown >> 20);
    suite.stop().await
}

/// What a process keeps in memory, in bytes.
fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib << 10)
}
