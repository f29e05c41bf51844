//! HTTP/2 by hand (RFC 9113, RFC 7541): what no library would send, and what comes back.

use std::time::Duration;

use anyhow::{Context, Result};
use relais_tests::Suite;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long whatever must come may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// Flags of HEADERS: its fields are all there; and the request's body has ended.
pub(super) const END_HEADERS: u8 = 4;
pub(super) const END_STREAM: u8 = 1;

pub(super) async fn connect(suite: &Suite) -> Result<TcpStream> {
    Ok(TcpStream::connect(suite.address("referral")).await?)
}

/// A peer that has greeted.
pub(super) async fn greeted(suite: &Suite) -> Result<TcpStream> {
    let mut peer = connect(suite).await?;
    peer.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await?;
    Ok(peer)
}

/// A frame (RFC 9113, 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A request's fields, as plain as can be: POST to a path over http, and what more there is.
pub(super) fn fields_to(path: &str, more: &[u8]) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap_or(0)];
    block.extend(path.as_bytes());
    block.extend([0x01, 1, b'x']);
    block.extend(more);
    block
}

/// A field that HPACK takes as it stands (RFC 7541, 6.2.2); a name of less than 127 bytes.
pub(super) fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let mut field = vec![0x00, u8::try_from(name.len()).unwrap_or(0)];
    field.extend(name.as_bytes());
    let mut left = value.len();
    if left < 127 {
        field.push(left as u8);
    } else {
        field.push(0x7f);
        left -= 127;
        while left >= 128 {
            field.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        field.push(left as u8);
    }
    field.extend(value);
    field
}

/// A frame as it arrived.
pub(super) struct Seen {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// The next frame; none when the connection is closed.
pub(super) async fn next(peer: &mut (impl AsyncRead + Unpin)) -> Result<Option<Seen>> {
    let mut head = [0; 9];
    match timeout(PATIENCE, peer.read_exact(&mut head)).await.context("nothing comes")? {
        Ok(_) => {}
        Err(_) => return Ok(None),
    }
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length)?];
    peer.read_exact(&mut payload).await?;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Ok(Some(Seen { kind: head[3], flags: head[4], stream, payload }))
}

/// The next frame of a kind.
pub(super) async fn next_of(peer: &mut (impl AsyncRead + Unpin), kind: u8) -> Result<Seen> {
    loop {
        let seen = next(peer).await?.with_context(|| format!("closed before a frame of kind {kind}"))?;
        if seen.kind == kind {
            return Ok(seen);
        }
    }
}
