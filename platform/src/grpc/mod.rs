//! gRPC: the server, its health, errors as statuses, the operations service and the audit service.

pub mod audit;
pub mod health;
pub mod operations;
pub mod server;
pub mod status;

use tonic::{Response, Status};

/// What an RPC answers.
pub type Answer<T> = Result<Response<T>, Status>;

/// Answers with a body.
#[allow(clippy::unnecessary_wraps, reason = "the last line of every RPC: it makes the answer's type")]
pub fn answer<T>(body: T) -> Answer<T> {
    Ok(Response::new(body))
}
