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

use http::{Request, Response};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{Call, Rule, token::Verifier};
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

    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Error> {
        let path = request.uri().path();
        if OPEN.iter().any(|prefix| path.starts_with(prefix)) {
            return Ok(());
        }
        let caller = self.verifier.caller(request.headers())?;
        let row = self.rules.iter().find(|(rpc, rule)| *rpc == path && rule.admits(&caller.roles));
        let &(rpc, rule) = row.ok_or_else(|| Error::denied("your roles do not allow this call"))?;
        let (rules, span) = (self.rules.clone(), tracing::Span::current());
        request.extensions_mut().insert(Call { caller, rpc, rule, rules, span });
        Ok(())
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
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Answer {
        match self.layer.admit(&mut request) {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(error) => {
                let refused: Status = status::from_error(error);
                Box::pin(async move { Ok(refused.into_http()) })
            }
        }
    }
}
