//! One referral is one tree: from the call over SQL, outbox and broker into the three other services.

mod forest;
mod names;
mod share;
pub mod story;

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use relais_tests::{Collector, Options, SeenSpan, Suite, eventually, partnership::Partners};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn has(spans: &[SeenSpan], service: &str, name: &str, kind: SpanKind) -> bool {
    let service = format!("relais-{service}");
    spans.iter().any(|seen| seen.service == service && seen.span.name == name && seen.span.kind() == kind)
}

/// What the tree must hold: service, name, kind.
const EXPECTED: &[(&str, &str, SpanKind)] = &[
    ("referral", "relais.referral.v1.ReferralService/SubmitReferral", SpanKind::Server),
    ("referral", "submit_referral", SpanKind::Internal),
    ("referral", "INSERT referral", SpanKind::Client),
    ("referral", "INSERT outbox", SpanKind::Client),
    ("scheduling", "process relais.referral.referral.submitted.v1", SpanKind::Consumer),
    ("scheduling", "INSERT appointment", SpanKind::Client),
    ("results", "process relais.referral.referral.submitted.v1", SpanKind::Consumer),
    ("results", "INSERT service_order", SpanKind::Client),
    ("notification", "process relais.referral.referral.submitted.v1", SpanKind::Consumer),
    ("notification", "INSERT message", SpanKind::Client),
    ("referral", "process relais.scheduling.appointment.proposed.v1", SpanKind::Consumer),
    ("referral", "INSERT referral_appointment", SpanKind::Client),
];

#[tokio::test]
async fn a_referral_is_one_connected_tree_that_carries_its_number() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("OTEL_BSP_SCHEDULE_DELAY".to_string(), "200".to_string()),
        // The SQL of a larger batch stands in a trace of the batch.
        ("RELAIS__CONSUMER__BATCH".to_string(), "1".to_string()),
    ]);
    let suite = Suite::start(Options { settings }).await?;
    let mut partners = Partners::meet(&suite).await?;
    partners.desk = partners.desk.traced(&format!("00-{TRACE}-{CALLER}-01"))?;
    let sent = partners.submit(partners.request()).await?;

    let missing = || {
        let spans = collector.trace(TRACE);
        EXPECTED
            .iter()
            .filter(|(s, n, k)| !has(&spans, s, n, *k))
            .map(|(s, n, _)| format!("{s}: {n}"))
            .collect::<Vec<_>>()
    };
    let arrived = eventually("the whole tree", || async { Ok(missing().is_empty().then_some(())) }).await;
    let names: Vec<_> = collector.trace(TRACE).iter().map(|s| format!("{}: {}", s.service, s.span.name)).collect();
    arrived.with_context(|| format!("missing {:?} of {names:#?}", missing()))?;

    // Each process exports in batches of its own: a parent may arrive after its child.
    let tree = || async { Ok(orphans(&collector.trace(TRACE)).is_empty().then_some(())) };
    let one = eventually("no span without its parent", tree).await;
    one.with_context(|| format!("orphans: {:?}", orphans(&collector.trace(TRACE))))?;
    let spans = collector.trace(TRACE);
    let roots = spans.iter().filter(|seen| hex(&seen.span.parent_span_id) == CALLER).count();
    assert_eq!(roots, 1, "one call, one root");
    for seen in &spans {
        let number = seen.attribute("referral.number");
        assert_eq!(number, Some(sent.number.as_str()), "{}: {}", seen.service, seen.span.name);
    }
    let text = format!("{spans:?}");
    assert!(!text.contains(partners.patient()) && !text.contains("Bearer"), "a span holds what it must not");
    suite.stop().await
}

/// The spans that hang on no span of this trace, but the one under the caller's.
fn orphans(spans: &[SeenSpan]) -> Vec<String> {
    let ids: HashSet<_> = spans.iter().map(|seen| &seen.span.span_id).collect();
    let orphan =
        |seen: &&SeenSpan| !ids.contains(&seen.span.parent_span_id) && hex(&seen.span.parent_span_id) != CALLER;
    spans.iter().filter(orphan).map(|seen| format!("{}: {}", seen.service, seen.span.name)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
