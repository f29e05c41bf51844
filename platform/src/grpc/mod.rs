//! gRPC: the server, its health, errors as statuses, and what every service serves: operations, audit, holdings.

mod accept;
pub mod audit;
pub mod health;
pub mod holdings;
pub mod operations;
pub mod server;
pub mod status;
mod unreadable;

use tonic::{Response, Status};

use crate::{Service, calls::Rule};

/// What an RPC answers.
pub type Answer<T> = Result<Response<T>, Status>;

/// Answers with a body.
#[allow(clippy::unnecessary_wraps, reason = "the last line of every RPC: it makes the answer's type")]
pub fn answer<T>(body: T) -> Answer<T> {
    Ok(Response::new(body))
}

/// The whole table of a service: its own rows and those of what the platform serves.
pub(crate) fn rules<S: Service>() -> Vec<(&'static str, Rule)> {
    S::RULES.iter().chain(operations::RULES).chain(audit::RULES).chain(holdings::RULES).copied().collect()
}
