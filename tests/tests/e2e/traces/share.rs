//! Of the traces that begin at a service, the share of them is sent that a setting says; of those of others, what they say.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use relais_proto::operations::v1::GetBacklogRequest;
use relais_tests::{Collector, Identity, Options, Suite, eventually};
use tonic_health::pb::health_check_response::ServingStatus;

use super::{CALLER, TRACE};

#[tokio::test]
async fn with_a_share_of_none_only_what_a_caller_wants_is_sent() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__SAMPLE_RATIO".to_string(), "0.0".to_string()),
    ]);
    let mut suite = Suite::prepare(Options { settings }).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    let operator = suite.session("referral", &Identity::new("operator", "operator"))?;
    for _ in 0..5 {
        operator.operations().get_backlog(GetBacklogRequest::default()).await?;
    }
    let asked = operator.traced(&format!("00-{TRACE}-{CALLER}-01"))?;
    asked.operations().get_backlog(GetBacklogRequest::default()).await?;
    // Spans leave in the order in which they ended.
    eventually("the caller's is sent", || async { Ok((!collector.trace(TRACE).is_empty()).then_some(())) }).await?;
    let others: Vec<_> = collector.all().into_iter().filter(|seen| seen.trace() != TRACE).collect();
    ensure!(others.is_empty(), "{others:?}");
    suite.stop().await
}
