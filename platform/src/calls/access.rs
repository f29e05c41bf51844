//! Which RPC is open to whom: one table per service, and a layer before every handler that keeps it.
//!
//! An RPC without a row is refused, so forgetting one is found at once (and by a test, see [`missing`]). What a caller
//! may see of what an RPC serves is decided by the store, through the party list.

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

use super::{Call, Role, token::Verifier};
use crate::{audit::Subject, database::Database, error::Error, grpc::status};

/// Who may call an RPC.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Everybody with a valid token.
    Authenticated,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

/// The table: an RPC's path and its rule.
pub type Rules = &'static [(&'static str, Rule)];

/// What health checks and reflection tools need before they have a token.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];
/// Stands in the audit for a path that is no RPC of ours: what a caller made up is not written.
const NO_RPC: &str = "unknown";

/// The RPCs of `services` (full names, as in the descriptors) that `rules` has no row for.
pub fn missing(rules: Rules, methods: &[String]) -> Vec<String> {
    methods.iter().filter(|method| !rules.iter().any(|(path, _)| path == *method)).cloned().collect()
}

/// Checks token and rule before each handler, and hands it the [`Call`].
#[derive(Clone)]
pub struct AccessLayer {
    verifier: Arc<Verifier>,
    rules: Arc<Vec<(&'static str, Rule)>>,
    database: Database,
}

impl AccessLayer {
    /// Keeps `rules` with tokens checked by `verifier`; what they refuse is written into the audit.
    pub fn new(verifier: Verifier, rules: Vec<(&'static str, Rule)>, database: Database) -> Self {
        Self { verifier: Arc::new(verifier), rules: Arc::new(rules), database }
    }

    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Refused> {
        let path = request.uri().path();
        if OPEN.iter().any(|prefix| path.starts_with(prefix)) {
            return Ok(());
        }
        let caller = self.verifier.caller(request.headers()).map_err(|error| Refused { error, call: None })?;
        let row = self.rules.iter().find(|(rpc, _)| *rpc == path);
        let (rpc, may) = match row {
            Some((rpc, Rule::Authenticated)) => (*rpc, true),
            Some((rpc, Rule::Roles(roles))) => (*rpc, caller.has_any(roles)),
            None => (NO_RPC, false),
        };
        let call = Call { caller, rpc, span: tracing::Span::current() };
        if !may {
            let error = Error::denied("your roles do not allow this call");
            return Err(Refused { error, call: Some(Box::new(call)) });
        }
        request.extensions_mut().insert(call);
        Ok(())
    }

    /// The refusal as a status, once it stands in the audit. Who has no token leaves no row.
    async fn refuse(self, refused: Refused) -> Status {
        let Refused { error, call } = refused;
        let Some(call) = call else { return status::from_error(error) };
        let (database, reason) = (self.database.clone(), error.reason);
        let writing = async move { database.refuse(&call, Subject::default(), reason).await };
        let written = self.database.detached(tracing::Span::current(), writing).await;
        status::from_error(written.err().unwrap_or(error))
    }
}

/// A call that does not reach its handler, and who made it.
struct Refused {
    error: Error,
    call: Option<Box<Call>>,
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
            Err(refused) => {
                let layer = self.layer.clone();
                Box::pin(async move { Ok(layer.refuse(refused).await.into_http()) })
            }
        }
    }
}
