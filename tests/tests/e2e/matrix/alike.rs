//! Absent and not yours: not only the same words, but the same statements in the same order, as their spans tell. So no time
//! taken tells them apart, either.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use relais_tests::{Collector, SeenSpan, eventually};

use super::{Matrix, call::call, requests::body};
use super::{Names, id, random};

const CALLER: &str = "00f067aa0ba902b7";

/// A trace of its own for each call.
fn trace(number: usize) -> String {
    format!("{:032x}", 0x4bf9_2f35_77b3_4da6_0000_0000_0000_0000_u128 + number as u128 + 1)
}

/// The service that was called: whose span is the first under the caller's, and the last of the call to end.
fn called(spans: &[SeenSpan]) -> Option<String> {
    let of_caller = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == CALLER;
    spans.iter().find(|seen| of_caller(&seen.span.parent_span_id)).map(|seen| seen.service.clone())
}

/// The statements of a call in the order in which they began: not those of others who hear of what it did.
fn statements(collector: &Collector, trace: &str) -> Vec<String> {
    let mut spans = collector.trace(trace);
    let called = called(&spans).unwrap_or_default();
    spans.retain(|seen| seen.service == called);
    spans.sort_by_key(|seen| seen.span.start_time_unix_nano);
    spans.iter().filter_map(|seen| seen.attribute("db.query.text").map(str::to_string)).collect()
}

/// Whether the call's own span has arrived.
fn is_whole(collector: &Collector, trace: &str) -> bool {
    called(&collector.trace(trace)).is_some()
}

#[tokio::test]
async fn the_matrix_of_absent_and_foreign_runs_the_same_statements() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("OTEL_BSP_SCHEDULE_DELAY".to_string(), "200".to_string()),
    ]);
    let matrix = Matrix::start(settings).await?;
    let mut pairs = Vec::new();
    for (service, row) in &matrix.rows {
        let method = matrix.contract.method(&row.rpc)?;
        let Some(role) =
            ["desk", "coordinator", "admin", "clinician"].into_iter().find(|role| row.admits(service, role))
        else {
            continue;
        };
        for kind in matrix.private(row)? {
            let foreign = matrix.owner.names.get(&kind).cloned().unwrap_or_default();
            let mut traces = Vec::new();
            for name in [random(&foreign), foreign.clone()] {
                ensure!(!id(&name).is_empty(), "no {kind}");
                let mut names: Names = matrix.other.names.clone();
                names.insert(kind.clone(), name);
                let trace = trace(pairs.len() * 2 + traces.len());
                let session =
                    matrix.session(service, role, &matrix.other)?.traced(&format!("00-{trace}-{CALLER}-01"))?;
                call(&session, &row.rpc, body(&matrix.contract.request(&method, &names))).await;
                traces.push(trace);
            }
            pairs.push((row.rpc.clone(), kind, traces));
        }
    }
    ensure!(pairs.len() >= 8, "{pairs:?}");
    for (rpc, kind, traces) in &pairs {
        for trace in traces {
            let arrived = || async { Ok(is_whole(&collector, trace).then_some(())) };
            eventually("the call's spans", arrived).await.with_context(|| format!("{rpc}: {kind}"))?;
        }
        let (absent, foreign) = (statements(&collector, &traces[0]), statements(&collector, &traces[1]));
        ensure!(!absent.is_empty(), "{rpc}: no statement was seen");
        ensure!(absent == foreign, "{rpc}: nothing's {kind} runs {absent:#?}, another's {foreign:#?}");
    }
    matrix.suite.stop().await
}
