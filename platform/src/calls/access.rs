//! The layer before every handler: a place among the calls under way, the token, then the table of rules.
//!
//! An RPC without a row is refused, so forgetting one is found at once (and by a test, see [`super::rules::missing`]). What
//! a caller may see of what an RPC serves is decided by the store, as the rule says.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use tokio::sync::OwnedSemaphorePermit;
use tonic::{Status, body::Body};
use tower::{Layer, Service};
use tracing::Span;

use super::{
    Call, Caller, Rule, Sight,
    deadline::Deadline,
    load::{Load, Place},
    token::Verifier,
};
use crate::{
    audit::Subject,
    database::Database,
    error::{Error, Kind},
    grpc::status,
    language::Language,
    settings::Server,
};

/// What health checks and reflection tools need before they have a token.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];
/// Stands in the audit for a path that is no RPC of ours: what a caller made up is not written.
const NO_RPC: &str = "unknown";

/// Checks token and rule before each handler, and hands it the [`Call`].
#[derive(Clone)]
pub struct AccessLayer {
    verifier: Arc<Verifier>,
    rules: Arc<[(&'static str, Rule)]>,
    database: Database,
    load: Load,
}

impl AccessLayer {
    /// Keeps `rules` with tokens checked by `verifier`; what they refuse is written into the audit.
    pub fn new(verifier: Verifier, rules: Vec<(&'static str, Rule)>, database: Database, settings: &Server) -> Self {
        Self { verifier: Arc::new(verifier), rules: rules.into(), database, load: Load::new(settings) }
    }

    /// The call that a request is, with its places.
    async fn let_in(&self, path: &str, headers: &HeaderMap, at: At) -> Result<Admitted, Refused> {
        let busy = |error| Refused { error, call: None };
        if !self.database.is_ready() {
            // A new version beside an old one, say: it must not write into a schema that it does not know.
            let error = Error::unavailable(anyhow::anyhow!("the database has not been seen with all migrations yet"));
            return Err(busy(error));
        }
        let all = self.load.enter().map_err(busy)?;
        let call = self.admit(path, headers, at).await?;
        let each = call.caller.organisation.map(|organisation| self.load.enter_for(organisation));
        Ok(Admitted { call, _all: all, _each: each.transpose().map_err(busy)? })
    }

    /// The call that a request is.
    async fn admit(&self, path: &str, headers: &HeaderMap, at: At) -> Result<Call, Refused> {
        let row = self.rules.iter().find(|(rpc, _)| *rpc == path);
        let (rules, At { span, deadline, language }) = (self.rules.clone(), at);
        let call = |caller, rpc, rule| Call { caller, rpc, rule, rules, span, deadline, language };
        if let Some(&(rpc, rule)) = row.filter(|(_, rule)| rule.open) {
            return Ok(call(Caller::nobody(), rpc, rule));
        }
        let caller = self.verifier.caller(headers).await.map_err(|error| Refused { error, call: None })?;
        match row {
            Some(&(rpc, rule)) if rule.admits(&caller) => Ok(call(caller, rpc, rule)),
            Some(&(rpc, rule)) => {
                let error = Error::denied("your roles do not allow this call");
                Err(Refused { error, call: Some(Box::new(call(caller, rpc, rule))) })
            }
            // The port of another service, most often: each serves its own.
            None => {
                let message =
                    "no such method is served at this address: look at the method's name, and at the service's port";
                let error = Error::new(Kind::Unimplemented, "NOT_SERVED", message);
                let rule = Rule::everybody(Sight::Installation);
                Err(Refused { error, call: Some(Box::new(call(caller, NO_RPC, rule))) })
            }
        }
    }

    /// The refusal as a status, once it stands in the audit. Who has no token leaves no row, nor who finds no place.
    async fn refuse(self, refused: Refused) -> Status {
        let Refused { error, call } = refused;
        let Some(call) = call else { return status::from_error(error) };
        let (database, reason) = (self.database.clone(), error.reason);
        let writing = async move { database.refuse(&call, Subject::default(), reason).await };
        let written = self.database.detached(tracing::Span::current(), writing).await;
        status::from_error(written.err().unwrap_or(error))
    }
}

/// Where a call stands: in which span, how long it may take, and in which language it is answered.
struct At {
    span: Span,
    deadline: Option<Instant>,
    language: Language,
}

/// A call that reaches its handler; its places are given back with the head of the answer, so that open streams take none.
struct Admitted {
    call: Call,
    _all: OwnedSemaphorePermit,
    _each: Option<Place>,
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
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        let language = Language::wished(request.headers());
        let (layer, at) = (self.layer.clone(), At { span: Span::current(), deadline, language });
        Box::pin(async move {
            let path = request.uri().path().to_string();
            // Taken away: no handler can hand it on or write it down.
            let token = without_token(request.headers_mut());
            if OPEN.iter().any(|prefix| path.starts_with(prefix)) {
                return inner.call(request).await;
            }
            match layer.let_in(&path, &token, at).await {
                Ok(admitted) => {
                    request.extensions_mut().insert(admitted.call.clone());
                    inner.call(request).await
                }
                Err(refused) => Ok(layer.refuse(refused).await.into_http()),
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
