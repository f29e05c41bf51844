//! Peers at the level of TCP: who says nothing, and who says too much.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use relais_tests::{Options, Suite};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::is_well;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `server.handshake_ms` in these tests.
const PATIENCE: &str = "1000";

async fn patient_suite() -> Result<Suite> {
    let setting = ("RELAIS__SERVER__HANDSHAKE_MS".to_string(), PATIENCE.to_string());
    Suite::start(Options { settings: HashMap::from([setting]) }).await
}

pub(super) async fn connect(suite: &Suite) -> Result<TcpStream> {
    Ok(TcpStream::connect(suite.address("referral")).await?)
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

/// A frame of HTTP/2 (RFC 9113, 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A request's fields (RFC 7541), as plain as can be; `more` is a field of its own.
fn fields(more: &[u8]) -> Vec<u8> {
    fields_to("/relais.referral.v1.ReferralService/ListReferrals", more)
}

/// The same, to any method.
pub(super) fn fields_to(path: &str, more: &[u8]) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap_or(0)];
    block.extend(path.as_bytes());
    block.extend([0x01, 1, b'x']);
    block.extend(more);
    block
}

/// A field with a long value, which HPACK takes as it stands.
fn long_field(size: usize) -> Vec<u8> {
    let mut field = vec![0x00, 1, b'y', 0x7f];
    let mut left = size - 127;
    while left >= 128 {
        field.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    field.push(left as u8);
    field.extend(vec![b'z'; size]);
    field
}

fn floods() -> Vec<(&'static str, Vec<u8>)> {
    let odd = |n: u32| 2 * n + 1;
    let resets = |n| [frame(1, 4, odd(n), &fields(&[])), frame(3, 0, odd(n), &8_u32.to_be_bytes())].concat();
    let opened = frame(1, 4, 1, &fields(&[]));
    vec![
        ("pings", frame(6, 0, 0, &[7; 8]).repeat(20_000)),
        ("settings", frame(4, 0, 0, &[]).repeat(20_000)),
        ("rapid resets", (0..10_000).flat_map(resets).collect()),
        ("streams that stay open", (0..10_000).flat_map(|n| frame(1, 4, odd(n), &fields(&[]))).collect()),
        ("empty data", [opened.clone(), frame(0, 0, 1, &[]).repeat(20_000)].concat()),
        ("continuations", [frame(1, 0, 1, &fields(&[])), frame(9, 0, 1, &[0; 16_000]).repeat(500)].concat()),
        ("headers too long", frame(1, 4, 1, &fields(&long_field(16_300)))),
        ("a window of nothing", [frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]), frame(1, 5, 1, &fields(&[]))].concat()),
        ("a window too large", frame(8, 0, 0, &u32::MAX.to_be_bytes()).repeat(3)),
        ("data of no stream", frame(0, 0, 99, b"x").repeat(100)),
        ("a frame too long", frame(0, 0, 1, &vec![0; 100_000])),
        ("an even stream", frame(1, 4, 2, &fields(&[]))),
        ("no HPACK", frame(1, 4, 1, &[0xff; 64])),
        ("frames nobody knows", frame(0xee, 0xff, 0, &[1; 99]).repeat(1_000)),
    ]
}

#[tokio::test]
async fn floods_and_nonsense_of_frames_cost_only_their_own_connection() -> Result<()> {
    let suite = patient_suite().await?;
    let pid = suite.pid("referral")?;
    let before = resident(pid)?;
    for (what, flood) in floods() {
        let mut peer = connect(&suite).await?;
        let greeting = [PREFACE, &frame(4, 0, 0, &[])].concat();
        peer.write_all(&greeting).await?;
        // It may hang up in the midst, or stop reading: that is its right.
        let _ = timeout(Duration::from_secs(5), peer.write_all(&flood)).await;
        is_well(&suite).await.context(what)?;
    }
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
