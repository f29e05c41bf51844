//! The layer before every handler: token, then the table of rules.
//!
//! An RPC without a row is refused, so forgetting one is found at once (and by a test, see [`super::rules::missing`]). What
//! a caller may see of what an RPC serves is decided by the store, as the rule says.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Span;

use super::{Call, Caller, Rule, token::Verifier};
use crate::{error::Error, grpc::status};

/// What health checks and reflection tools need before they have a token.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];

/// Checks token and rule before each handler, and hands it the [`Call`].
#[derive(Clone)]
pub struct AccessLayer {
    verifier: Arc<Verifier>,
    rules: Arc<[(&'static str, Rule)]>,
}

impl AccessLayer {
    /// Keeps `rules` with tokens checked by `verifier`.
    pub fn new(verifier: Verifier, rules: Vec<(&'static str, Rule)>) -> Self {
        Self { verifier: Arc::new(verifier), rules: rules.into() }
    }

    /// The call that a request is; none for what needs no rule.
    async fn admit(&self, path: &str, headers: &HeaderMap, span: Span) -> Result<Option<Call>, Error> {
        if OPEN.iter().any(|prefix| path.starts_with(prefix)) {
            return Ok(None);
        }
        let row = self.rules.iter().find(|(rpc, _)| *rpc == path);
        let call = |caller, rpc, rule| Call { caller, rpc, rule, rules: self.rules.clone(), span };
        if let Some(&(rpc, rule)) = row.filter(|(_, rule)| rule.open) {
            return Ok(Some(call(Caller::nobody(), rpc, rule)));
        }
        let caller = self.verifier.caller(headers).await?;
        match row {
            Some(&(rpc, rule)) if rule.admits(&caller) => Ok(Some(call(caller, rpc, rule))),
            _ => Err(Error::denied("your roles do not allow this call")),
        }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access { inner, layer: self.clone() }
    }
}

/// The service that [`AccessLayer`] makes.
#[derive(Clone)]
pub struct Access<S> {
    inner: S,
    layer: AccessLayer,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S, B> Service<Request<B>> for Access<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Answer {
        // The one that was asked whether it is ready takes this call; its twin takes the next.
        let twin = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, twin);
        let (layer, span) = (self.layer.clone(), Span::current());
        Box::pin(async move {
            let path = request.uri().path().to_string();
            // Taken away: no handler can hand it on or write it down.
            let token = without_token(request.headers_mut());
            match layer.admit(&path, &token, span).await {
                Ok(call) => {
                    if let Some(call) = call {
                        request.extensions_mut().insert(call);
                    }
                    inner.call(request).await
                }
                Err(error) => Ok(status::from_error(error).into_http()),
            }
        })
    }
}

/// Takes the token out of a request's headers: all of them, if there are several.
fn without_token(headers: &mut HeaderMap) -> HeaderMap {
    let mut token = HeaderMap::new();
    for value in headers.get_all(AUTHORIZATION) {
        token.append(AUTHORIZATION, value.clone());
    }
    headers.remove(AUTHORIZATION);
    token
}
