//! A whole story by its spans: each call is one tree, from the RPC over its SQL, the outbox and the broker into the other services.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Result, ensure};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use relais_tests::{Collector, Journal};

use super::{
    forest::{Forest, Tree},
    names::{BY_ITSELF, Names},
};

/// RPCs that are about no referral, or about many.
const OF_NO_REFERRAL: &[&str] = &[
    "relais.network.",
    "relais.convention.",
    "relais.operations.",
    "relais.scheduling.v1.OpeningService/",
    "relais.referral.v1.PatientService/",
    "relais.referral.v1.ReferralService/CheckAdmission",
    "relais.referral.v1.ReferralService/GetTimeline",
    "relais.referral.v1.ReferralService/List",
    "relais.results.v1.ReportService/ListQuarantinedReports",
    "relais.results.v1.ResultsService/ListOrders",
    "relais.scheduling.v1.SchedulingService/ListAppointments",
    "relais.notification.v1.NotificationService/ListMessages",
    "relais.notification.v1.NotificationService/WatchMessages",
];

/// Settings under which every span of a story arrives.
pub fn settings(collector: &Collector) -> Vec<(&'static str, String)> {
    vec![
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT", format!("http://{}", collector.address)),
        ("OTEL_BSP_SCHEDULE_DELAY", "200".into()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "65536".into()),
    ]
}

/// Holds all that arrived against what is promised. The services have ended: nothing more comes.
pub fn check(collector: &Collector, journal: &Journal, private: &BTreeSet<String>) -> Result<()> {
    let forest = Forest::grow(collector.all(), journal.calls());
    let names = Names::read()?;
    let mut faults = Vec::new();
    for tree in &forest.0 {
        faults.extend(trees(tree, &names));
        faults.extend(numbers(tree));
    }
    faults.extend(messages(&forest));
    faults.extend(forest.spans().flat_map(|span| names.faults(span)));
    faults.extend(told(&forest, collector, private));
    let told = tally(faults);
    let (traces, spans) = (forest.0.len(), forest.spans().count());
    ensure!(told.is_empty(), "{spans} spans in {traces} traces:\n{}", told.join("\n"));
    println!("{spans} spans in {traces} traces, {} of them calls of the story", journal.calls().len());
    Ok(())
}

/// Faults, each once with how often it was found, the most frequent first.
fn tally(faults: Vec<String>) -> Vec<String> {
    let mut counted: HashMap<String, usize> = HashMap::new();
    for fault in faults {
        *counted.entry(fault).or_default() += 1;
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted.into_iter().take(60).map(|(fault, count)| format!("{count} times: {fault}")).collect()
}

/// One root, the call's own or of what runs by itself; nobody without a parent.
fn trees(tree: &Tree, names: &Names) -> Vec<String> {
    let roots = tree.roots();
    let right = match (&tree.call, roots.as_slice()) {
        (Some(call), [root]) => root.span.kind() == SpanKind::Server && root.span.name == call.rpc,
        (None, [root]) => {
            let name = root.span.name.as_str();
            BY_ITSELF.contains(&name) || name == "process batch" || names.is_use_case(name)
        }
        _ => false,
    };
    let title = tree.title();
    let found: Vec<_> = roots.iter().map(|root| root.span.name.as_str()).collect();
    let mut faults = Vec::new();
    faults.extend((!right).then(|| format!("no one right root: {title}: {found:?}")));
    let orphans = tree.orphans();
    faults
        .extend(orphans.iter().map(|orphan| format!("no parent: {}: {} in {title}", orphan.service, orphan.span.name)));
    let timers = roots.iter().filter(|root| root.span.name == "timer" && root.linked().is_empty());
    faults.extend(timers.map(|_| format!("a timer that is linked to nothing: {title}")));
    faults
}

/// A trace of one referral has its number on all spans; a call about a referral has one at all.
fn numbers(tree: &Tree) -> Vec<String> {
    let numbers: HashSet<_> = tree.spans.iter().filter_map(|span| span.attribute("referral.number")).collect();
    let mut faults = Vec::new();
    if numbers.len() == 1 {
        let without = tree.spans.iter().filter(|span| !span.has("referral.number"));
        let rpc = tree.call.as_ref().map_or_else(String::new, |call| call.rpc.clone());
        faults.extend(without.map(|span| format!("no number: {}: {} of {rpc}", span.service, span.span.name)));
    }
    if let Some(call) = &tree.call {
        // A report that is put aside belongs to none yet, whatever number it names.
        let put_aside = tree.spans.iter().any(|span| span.span.name.ends_with(":relais.results.report.quarantined.v1"));
        let exempt = put_aside || OF_NO_REFERRAL.iter().any(|prefix| call.rpc.starts_with(prefix));
        let answered = tree.roots().iter().any(|root| root.attribute("rpc.response.status_code") == Some("OK"));
        faults.extend((numbers.is_empty() && answered && !exempt).then(|| format!("of no number: {}", call.rpc)));
    }
    faults
}

/// outbox → publish → process → SQL.
fn messages(forest: &Forest) -> Vec<String> {
    let (by_trace, mut faults) = (forest.by_trace(), Vec::new());
    let mut linked: HashSet<String> = HashSet::new();
    for tree in &forest.0 {
        let title = tree.title();
        let kept = tree.spans.iter().any(|span| span.span.name == "INSERT outbox");
        let batch = tree.roots().iter().any(|root| root.span.name == "process batch");
        let sent: HashMap<_, _> = tree.of_kind(SpanKind::Producer).map(|sent| (sent.id(), sent)).collect();
        faults.extend((kept && !batch && sent.is_empty()).then(|| format!("kept and not sent: {title}")));
        for sent in sent.values() {
            let taken = tree.under(sent).any(|below| below.span.kind() == SpanKind::Consumer);
            faults.extend((!taken).then(|| format!("{} and nobody took it", sent.span.name)));
        }
        for taken in tree.of_kind(SpanKind::Consumer).filter(|span| !span.has("messaging.batch.message_count")) {
            let id = taken.attribute("messaging.message.id");
            let same = sent.get(&taken.parent()).is_some_and(|sent| sent.attribute("messaging.message.id") == id);
            faults.extend((!same).then(|| format!("{} under no sending of it", taken.span.name)));
            let elsewhere = taken.linked();
            let batches = elsewhere.iter().filter_map(|trace| by_trace.get(trace.as_str()));
            let done =
                tree.has_sql(taken) || batches.flat_map(|batch| &batch.spans).any(|span| span.has("db.system.name"));
            faults.extend((!done).then(|| format!("{}: {} did nothing", taken.service, taken.span.name)));
            linked.extend(elsewhere);
        }
    }
    let batches = forest.0.iter().filter(|tree| tree.roots().iter().any(|root| root.span.name == "process batch"));
    faults.extend(batches.filter(|tree| !linked.contains(&tree.trace)).map(|_| "a batch that nobody links to".into()));
    faults
}

/// Nothing that was told of a patient stands in a span or a metric.
fn told(forest: &Forest, collector: &Collector, private: &BTreeSet<String>) -> Vec<String> {
    let (words, sentences): (Vec<_>, Vec<_>) = private.iter().partition(|told| !told.contains(' '));
    let words: HashSet<&str> = words.into_iter().map(String::as_str).collect();
    // Of a name of several words, each that is long enough to be known by.
    let parts = sentences.iter().filter(|told| !told.ends_with('.')).flat_map(|told| told.split(' '));
    let words: HashSet<&str> = words.into_iter().chain(parts.filter(|part| part.len() > 3)).collect();
    let texts = forest.spans().map(|span| (span.span.name.clone(), format!("{:?}", span.span)));
    let all = texts.chain([("a metric".to_string(), collector.figures())]);
    let mut faults = Vec::new();
    for (place, text) in all {
        let text = text.to_lowercase();
        let spoken =
            text.split(|sign: char| !sign.is_alphanumeric() && sign != '-').filter(|word| words.contains(word));
        faults.extend(spoken.map(|word| format!("{place} tells {word}")));
        faults.extend(
            sentences.iter().filter(|told| text.contains(told.as_str())).map(|told| format!("{place} tells {told}")),
        );
    }
    if words.len() < 5 || !collector.figures().contains("rpc.server.call.duration") {
        faults.push("nothing was whispered, or no metric arrived".into());
    }
    faults
}
