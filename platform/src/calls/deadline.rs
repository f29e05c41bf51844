//! How long a call may take: as the caller says (`grpc-timeout`), and never longer than the server allows.
//!
//! tonic passes over a deadline that it cannot read and says CANCELLED when one is over; here the first is refused and the second
//! is DEADLINE_EXCEEDED. The answer leaves a little before the caller's deadline, or nobody would read it. A call whose time is
//! nearly over is not begun. What was begun ends by itself: units of work cannot be dropped midway. The time runs from the first,
//! before anybody asks who calls.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::{
    error::{Error, Kind, Result, Violation},
    grpc::status,
};

/// The caller's deadline, in gRPC's own form.
const HEADER: &str = "grpc-timeout";
/// By so much the answer leaves before the caller's deadline.
const SHAVED: Duration = Duration::from_millis(20);
/// More digits no time has (gRPC over HTTP/2, "TimeoutValue").
const DIGITS: usize = 8;

/// When a call is over, for who makes a [`super::Call`] of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(pub Instant);

/// Ends calls in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeadlineLayer {
    longest: Duration,
}

impl DeadlineLayer {
    /// No call takes longer than `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { longest }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Timely<S>;

    fn layer(&self, inner: S) -> Timely<S> {
        Timely { inner, longest: self.longest }
    }
}

/// The service that [`DeadlineLayer`] makes.
#[derive(Clone)]
pub(crate) struct Timely<S> {
    inner: S,
    longest: Duration,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S, B> Service<Request<B>> for Timely<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Answer {
        let within = match within(request.headers(), self.longest) {
            Ok(within) => within,
            Err(error) => return Box::pin(async { Ok(status::from_error(error).into_http()) }),
        };
        let deadline = Instant::now() + within;
        request.extensions_mut().insert(Deadline(deadline));
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout_at(deadline.into(), answer).await {
                Ok(answer) => answer,
                Err(_) => Ok(status::from_error(over()).into_http()),
            }
        })
    }
}

fn over() -> Error {
    let message = "the deadline came first: the same request_id tells later what became of it";
    Error::new(Kind::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
}

/// How long the handler has.
fn within(headers: &HeaderMap, longest: Duration) -> Result<Duration> {
    let mut told = headers.get_all(HEADER).iter();
    let (first, further) = (told.next(), told.next());
    let Some(value) = first else { return Ok(longest) };
    let read = value.to_str().ok().and_then(read).filter(|_| further.is_none());
    let rule = "must be given once, as at most eight digits and a unit: H, M, S, m, u or n";
    let asked = read.ok_or_else(|| Error::invalid(vec![Violation::new(HEADER, rule)]))?;
    asked.min(longest).checked_sub(SHAVED).filter(|left| !left.is_zero()).ok_or_else(over)
}

/// A time in gRPC's form, such as `250m`.
fn read(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let right = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let count: u64 = digits.parse().ok().filter(|_| right)?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Result<Duration> {
        let headers = [(HEADER.parse().expect("a name"), value.parse().expect("a value"))].into_iter().collect();
        within(&headers, Duration::from_secs(30))
    }

    #[test]
    fn the_answer_leaves_before_the_callers_deadline() -> Result<()> {
        assert_eq!(within(&HeaderMap::new(), Duration::from_secs(30))?, Duration::from_secs(30));
        assert_eq!(asked("250m")?, Duration::from_millis(230));
        assert_eq!(asked("99999999H")?, Duration::from_secs(30) - SHAVED);
        Ok(())
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_field() {
        for value in ["", "1", "S", "-1S", "abc", "123456789S", "1x", "1 S", "+1S", "1.5S", "٣S"] {
            let refused = asked(value).map(|_| ()).expect_err(value);
            assert_eq!((refused.kind, refused.violations[0].subject.as_str()), (Kind::InvalidArgument, HEADER));
        }
        let twice = [("1S"), ("2S")].map(|value| (HEADER.parse().expect("a name"), value.parse().expect("a value")));
        let mut headers = HeaderMap::new();
        twice.into_iter().for_each(|(name, value): (http::HeaderName, http::HeaderValue)| {
            headers.append(name, value);
        });
        assert_eq!(within(&headers, SHAVED).expect_err("twice").kind, Kind::InvalidArgument);
    }

    #[test]
    fn a_call_whose_time_is_over_is_not_begun() {
        for value in ["0n", "1n", "0S", "20m"] {
            assert_eq!(asked(value).expect_err(value).kind, Kind::DeadlineExceeded);
        }
    }
}
