//! One call with a deadline, and what its answer means.

use std::time::Duration;

use relais_platform::{
    grpc::status::DOMAIN,
    ids::{PatientId, ReferralId, ResourceId},
};
use relais_proto::referral::v1::{Patient, Referral};
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::rules;

/// The server is told of the deadline; this much later the client stops waiting by itself, for the server may be frozen.
const GRACE: Duration = Duration::from_millis(50);

/// How a call went.
#[derive(Debug)]
pub(super) enum Reply<T> {
    /// Acknowledged.
    Done(T),
    /// Refused by the service.
    Refused(Refusal),
    /// Not answered, or asked to come again: the same request is to be sent again.
    Again,
}

/// What a service said when it refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The code, and in words.
    pub said: String,
    /// The rules that failed, by their codes.
    pub rules: Vec<String>,
}

impl From<&str> for Refusal {
    fn from(said: &str) -> Self {
        Self { said: said.into(), rules: Vec::new() }
    }
}

/// Calls, and reads what counts out of the answer.
pub(super) async fn call<B, A, T, F>(
    patience: Duration,
    body: B,
    send: impl FnOnce(Request<B>) -> F,
    read: impl FnOnce(A) -> Option<T>,
) -> Reply<T>
where
    F: Future<Output = Result<Response<A>, Status>>,
{
    let mut request = Request::new(body);
    request.set_timeout(patience);
    match timeout(patience + GRACE, send(request)).await {
        Ok(Ok(answer)) => match read(answer.into_inner()) {
            Some(read) => Reply::Done(read),
            None => Reply::Refused("an answer without what it is about".into()),
        },
        Ok(Err(status)) if is_refusal(&status) => {
            let rules = rules(&status);
            let said = format!("{:?}: {} {rules:?}", status.code(), status.message());
            Reply::Refused(Refusal { said, rules })
        }
        Ok(Err(_)) | Err(_) => Reply::Again,
    }
}

/// The id of a referral that was told.
pub(super) fn referral_id(told: Option<Referral>) -> Option<Uuid> {
    told.and_then(|told| ReferralId::parse(&told.name)).map(|id| id.0)
}

/// The id of a patient that was told.
pub(super) fn patient_id(told: Option<Patient>) -> Option<Uuid> {
    told.and_then(|told| PatientId::parse(&told.name)).map(|id| id.0)
}

/// Only what the service itself says is a refusal, and not when it asks to come again. All else is the transport's.
fn is_refusal(status: &Status) -> bool {
    let ours = status.get_details_error_info().is_some_and(|info| info.domain == DOMAIN);
    ours && !matches!(
        status.code(),
        Code::Unavailable | Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded
    )
}

#[cfg(test)]
mod tests {
    use relais_platform::Error;

    use super::*;

    #[test]
    fn what_may_be_sent_again_is_no_refusal() {
        assert!(is_refusal(&Error::not_found("referrals/1").into()));
        assert!(is_refusal(&Error::internal(anyhow::anyhow!("a fault")).into()));
        assert!(!is_refusal(&Error::unavailable(anyhow::anyhow!("the database")).into()));
        assert!(!is_refusal(&Error::contention("others").into()));
        assert!(!is_refusal(&Status::internal("h2 protocol error")));
        assert!(!is_refusal(&Status::cancelled("Timeout expired")));
    }
}
