//! What no honest client sends: bytes that are no message, frames that are no gRPC, peers that say nothing. Whatever it is, no
//! program panics or ends, the answer is the caller's fault and says nothing of the inside, and the next good call is served.

mod bytes;
mod ends;
mod fields;
mod frames;
mod framing;
mod limits;
mod peers;
mod stalled;

use anyhow::{Context, Result, ensure};
use relais_proto::operations::v1::GetBacklogRequest;
use relais_tests::{Identity, SERVICES, Suite};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

/// What an answer to nonsense never is: a fault of ours, an outage, a word of the transport's.
const OURS: [Code; 4] = [Code::Internal, Code::Unknown, Code::DataLoss, Code::Unavailable];

/// The next good call is served, and nobody panicked.
async fn is_well(suite: &Suite) -> Result<()> {
    let operator = Identity::new("operator", "operator");
    for service in SERVICES {
        let mut client = suite.session(service, &operator)?.operations();
        client.get_backlog(GetBacklogRequest::default()).await.with_context(|| format!("{service} serves no more"))?;
        ensure!(suite.health(service, "").await? == ServingStatus::Serving, "{service} is not well");
        let log = std::fs::read_to_string(suite.log(service))?;
        let panicked = log.lines().find(|line| line.contains("panicked"));
        ensure!(panicked.is_none(), "{service}: {panicked:?}");
    }
    Ok(())
}
