//! A call's fields: what HTTP/2 forbids, what is told twice, and what comes where nothing may.

use std::future::ready;

use ::bytes::Bytes;
use anyhow::{Context, Result, ensure};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use relais_tests::{Identity, Options, Suite};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::{Code, Status, body::Body};
use tower::ServiceExt;

use super::{
    frames::{DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RESET, field, fields_to, frame, greeted, next},
    is_well,
};

const PATH: &str = "/relais.referral.v1.ReferralService/ListReferrals";

/// Whether a call is refused before anybody reads it: by an end of its stream, or of its connection (RFC 9113, 8.1.1).
async fn is_refused(peer: &mut TcpStream) -> Result<bool> {
    while let Some(seen) = next(peer).await? {
        match seen.kind {
            HEADERS | DATA => return Ok(false),
            RESET | GOAWAY => return Ok(true),
            _ => {}
        }
    }
    Ok(true)
}

#[tokio::test]
async fn fields_that_http_forbids_are_read_by_nobody() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    for (what, more) in [
        ("a line within a value", field("x-note", b"a\r\nauthorization: Bearer b")),
        ("nothing within a value", field("x-note", b"a\0b")),
        ("capitals in a name", field("X-Note", b"a")),
        ("a colon in a name", field("x:note", b"a")),
        ("a blank in a name", field("x note", b"a")),
        ("a field of HTTP/1.1", field("connection", b"keep-alive")),
        ("another body than told", field("content-length", b"7")),
        ("a method after fields", [field("x-note", b"a"), field(":method", b"GET")].concat()),
    ] {
        let mut peer = greeted(&suite).await?;
        peer.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields_to(PATH, &more))).await?;
        ensure!(is_refused(&mut peer).await.context(what)?, "{what} is answered");
    }
    is_well(&suite).await?;
    suite.stop().await
}

/// What a call with these fields, and such a body, is told.
async fn told(suite: &Suite, fields: Vec<(&'static str, HeaderValue)>, body: Body) -> Result<Status> {
    let request = Request::builder().method("POST").uri(PATH).header("te", "trailers");
    let request = request.header("content-type", "application/grpc");
    let request = fields.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    let answer = suite.channel("referral")?.oneshot(request.body(body)?).await?;
    Status::from_header_map(answer.headers()).context("no status in the head of the answer")
}

#[tokio::test]
async fn who_says_who_calls_twice_or_in_no_text_is_nobody() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let desk = Identity::new("desk", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let good = HeaderValue::from_str(&format!("Bearer {}", suite.issuer.token(&desk)?))?;
    let strange = HeaderValue::from_bytes(b"Bearer \xc3\xa9\xff")?;
    for bearers in [vec![good.clone(), good.clone()], vec![good.clone(), strange.clone()], vec![strange, good]] {
        let fields = bearers.iter().map(|bearer| ("authorization", bearer.clone())).collect();
        let said = told(&suite, fields, Body::empty()).await?;
        ensure!(said.code() == Code::Unauthenticated, "{bearers:?}: {said:?}");
    }
    is_well(&suite).await?;
    suite.stop().await
}

#[tokio::test]
async fn a_call_that_consists_of_trailers_has_no_message() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let desk = Identity::new("desk", "desk").of(&format!("organisations/{}", uuid::Uuid::now_v7()));
    let bearer = HeaderValue::from_str(&format!("Bearer {}", suite.issuer.token(&desk)?))?;
    let trailers = HeaderMap::from_iter([("grpc-status".parse().expect("a name"), HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::new()).with_trailers(ready(Some(Ok(trailers))));
    let body = Body::new(body.map_err(|never| match never {}));
    let said = told(&suite, vec![("authorization", bearer)], body).await?;
    ensure!(said.code() == Code::InvalidArgument, "{said:?}");
    is_well(&suite).await?;
    suite.stop().await
}
