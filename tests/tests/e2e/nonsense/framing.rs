//! HTTP/2 that is no gRPC: wrong prefixes, flags, encodings, deadlines, methods, and messages at the limit.

use ::bytes::Bytes;
use anyhow::{Context, Result, ensure};
use http::{Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use relais_tests::{Identity, Options, Suite};
use tonic::{Code, Status, body::Body};
use tower::ServiceExt;

use super::{OURS, is_well};

const PATH: &str = "/relais.referral.v1.ReferralService/ListReferrals";
/// `server.max_message_bytes`.
const LARGEST: usize = 1 << 20;

struct Raw {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

fn raw(body: Vec<u8>) -> Raw {
    Raw { method: "POST", path: PATH, headers: vec![("te", "trailers")], body }
}

/// A message of so many bytes: a page token that nobody made.
fn page(size: usize) -> Vec<u8> {
    // Four bytes for key and length, as both are above 2^14.
    let text = size.saturating_sub(4);
    let length = [(text & 0x7f) as u8 | 0x80, (text >> 7 & 0x7f) as u8 | 0x80, (text >> 14) as u8];
    [&[0x12][..], &length, &vec![b'x'; text]].concat()
}

fn framed(flag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&[flag][..], &length.to_be_bytes(), body].concat()
}

async fn send(suite: &Suite, token: &str, raw: Raw) -> Result<(http::StatusCode, Option<Status>)> {
    let mut request =
        Request::builder().method(raw.method).uri(raw.path).header("authorization", format!("Bearer {token}"));
    if !raw.headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(CONTENT_TYPE, "application/grpc");
    }
    let request = raw.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let body = Body::new(Full::new(Bytes::from(raw.body)).map_err(|never| match never {}));
    let answer = suite.channel("referral")?.oneshot(request.body(body)?).await?;
    let (head, body) = answer.into_parts();
    let trailers = body.collect().await?.trailers().cloned();
    let said = Status::from_header_map(&head.headers).or_else(|| trailers.as_ref().and_then(Status::from_header_map));
    Ok((head.status, said))
}

#[tokio::test]
async fn frames_that_are_no_grpc_are_the_callers_fault() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let desk = Identity::new("desk", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let token = suite.issuer.token(&desk)?;
    let mut frames = vec![
        raw(vec![]),
        raw(vec![0]),
        raw([&[0][..], &u32::MAX.to_be_bytes(), b"x"].concat()),
        raw([&[0][..], &9_u32.to_be_bytes(), b"short"].concat()),
        raw(framed(1, b"compressed, and nobody said how")),
        raw([framed(0, b""), framed(0, b""), b"and more".to_vec()].concat()),
        Raw { headers: vec![("te", "trailers"), ("grpc-encoding", "snappy")], ..raw(framed(1, b"x")) },
        Raw { headers: vec![("te", "trailers"), ("grpc-encoding", "gzip")], ..raw(framed(1, b"no gzip")) },
    ];
    frames.extend((2..=255).step_by(23).map(|flag| raw(framed(flag, b""))));
    for frame in frames {
        let shown = format!("{:?} {:02x?}", frame.headers, &frame.body[..frame.body.len().min(12)]);
        let (_, said) = send(&suite, &token, frame).await?;
        let said = said.with_context(|| format!("no status for {shown}"))?;
        ensure!(said.code() != Code::Ok || shown.contains("[00, 00, 00, 00, 00"), "{shown} is taken");
        ensure!(!OURS.contains(&said.code()), "{shown}: {said:?}");
    }
    for (method, path, headers) in [
        ("GET", PATH, vec![]),
        ("DELETE", PATH, vec![]),
        ("POST", "/", vec![]),
        ("POST", "/relais.referral.v1.ReferralService/NoSuchMethod", vec![]),
        ("POST", PATH, vec![("content-type", "application/json")]),
        ("POST", PATH, vec![("content-type", "text/plain")]),
        ("POST", PATH, vec![("x-text-bin", "no base64 !")]),
    ] {
        let shown = format!("{method} {path} {headers:?}");
        let (http, said) = send(&suite, &token, Raw { method, path, headers, body: framed(0, b"") }).await?;
        let ours = said.as_ref().is_some_and(|said| OURS.contains(&said.code()));
        ensure!(!http.is_server_error() && !ours, "{shown}: {http} {said:?}");
    }
    is_well(&suite).await?;
    suite.stop().await
}

#[tokio::test]
async fn a_message_is_taken_up_to_the_limit_and_not_beyond() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let desk = Identity::new("desk", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let token = suite.issuer.token(&desk)?;
    // At the limit it is read, and found to be no page; beyond, it is not read.
    for (size, expected) in [
        (LARGEST - 1, Code::InvalidArgument),
        (LARGEST, Code::InvalidArgument),
        (LARGEST + 1, Code::ResourceExhausted),
        (4 * LARGEST, Code::ResourceExhausted),
    ] {
        let body = page(size);
        ensure!(body.len() == size, "{} bytes were made for {size}", body.len());
        let (_, said) = send(&suite, &token, raw(framed(0, &body))).await?;
        ensure!(said.as_ref().map(Status::code) == Some(expected), "{size}: {said:?}");
    }
    is_well(&suite).await?;
    suite.stop().await
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_refused_by_its_name() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let desk = Identity::new("desk", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let token = suite.issuer.token(&desk)?;
    for (value, expected) in [
        ("-1S", Code::InvalidArgument),
        ("abc", Code::InvalidArgument),
        ("123456789S", Code::InvalidArgument),
        ("99999999H", Code::Ok),
        ("10S", Code::Ok),
    ] {
        let frame = Raw { headers: vec![("te", "trailers"), ("grpc-timeout", value)], ..raw(framed(0, b"")) };
        let answered = send(&suite, &token, frame).await?.1;
        let said = answered.with_context(|| format!("no status for {value}"))?;
        ensure!(said.code() == expected, "{value}: {said:?}");
        ensure!(expected != Code::InvalidArgument || said.message().contains("grpc-timeout"), "{value}: {said:?}");
    }
    is_well(&suite).await?;
    suite.stop().await
}
