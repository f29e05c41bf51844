//! Names by OpenTelemetry's conventions: for each kind of span, what it is called and what it must say; and a closed list of all that
//! spans say at all.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use relais_tests::{SeenSpan, all_services, methods};

/// All that a span may say of itself.
const ATTRIBUTES: &[&str] = &[
    "db.client.connection.pool.name",
    "db.collection.name",
    "db.namespace",
    "db.operation.name",
    "db.query.text",
    "db.response.affected_rows",
    "db.response.returned_rows",
    "db.response.status_code",
    "db.system.name",
    "error.type",
    "messaging.batch.message_count",
    "messaging.consumer.group.name",
    "messaging.destination.name",
    "messaging.message.id",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.rabbitmq.destination.routing_key",
    "messaging.system",
    "network.protocol.name",
    "referral.number",
    "relais.timer.kind",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.system.name",
    "server.address",
    "server.port",
];
const SQL: &[&str] = &["db.system.name", "db.namespace", "db.operation.name", "db.collection.name", "db.query.text"];
const CALL: &[&str] = &["rpc.system.name", "rpc.method", "rpc.response.status_code"];
const MESSAGE: &[&str] = &["messaging.system", "messaging.operation.name", "messaging.operation.type"];
const ONE: &[&str] = &["messaging.message.id", "messaging.destination.name"];
const STATEMENTS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];
/// What runs by itself, besides use cases.
pub const BY_ITSELF: &[&str] = &["deliver", "release", "timer", "retry", "hold", "park", "dead letter", "restore"];

/// What spans may be called.
pub struct Names {
    rpcs: BTreeSet<String>,
    use_cases: BTreeSet<String>,
}

impl Names {
    /// Of the contract, and of the use cases in the source.
    pub fn read() -> Result<Self> {
        let services = all_services();
        let services: Vec<_> = services.iter().map(String::as_str).collect();
        let rpcs = methods(&services).iter().map(|path| path.trim_start_matches('/').to_string()).collect();
        let mut use_cases = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in ["services", "platform/src"] {
            collect(&root.join(folder), &mut use_cases)?;
        }
        Ok(Self { rpcs, use_cases })
    }

    /// Whether a use case is called so.
    pub fn is_use_case(&self, name: &str) -> bool {
        self.use_cases.contains(name)
    }

    /// What is wrong with a span.
    pub fn faults(&self, span: &SeenSpan) -> Vec<String> {
        let (name, says) = (span.span.name.as_str(), |key: &str| span.attribute(key).unwrap_or_default());
        let (right, required) = match span.span.kind() {
            SpanKind::Server => (self.is_rpc(span), vec![CALL]),
            SpanKind::Client if span.has("rpc.system.name") => {
                (self.is_rpc(span), vec![CALL, &["server.address", "server.port"]])
            }
            SpanKind::Client => {
                let statement = says("db.operation.name");
                let named = name == format!("{statement} {}", says("db.collection.name"));
                (named && STATEMENTS.contains(&statement) && says("db.system.name") == "postgresql", vec![SQL])
            }
            SpanKind::Producer => {
                let sent = says("messaging.operation.name") == "publish" && says("messaging.operation.type") == "send";
                let named = name == format!("publish {}", says("messaging.destination.name"));
                (sent && named, vec![MESSAGE, ONE, &["messaging.rabbitmq.destination.routing_key"]])
            }
            SpanKind::Consumer if span.has("messaging.batch.message_count") => {
                (name == "process batch", vec![MESSAGE, &["messaging.consumer.group.name"]])
            }
            SpanKind::Consumer => {
                let named = name == format!("process {}", says("messaging.destination.name"));
                let processed = says("messaging.operation.type") == "process";
                (named && processed, vec![MESSAGE, ONE, &["messaging.consumer.group.name"]])
            }
            SpanKind::Internal => (self.is_use_case(name) || BY_ITSELF.contains(&name), Vec::new()),
            SpanKind::Unspecified => (false, Vec::new()),
        };
        let mut faults = Vec::new();
        faults.extend(
            (!right).then(|| format!("{:?} {name} is not named as it should be: {:?}", span.span.kind(), keys(span))),
        );
        let missing = required.concat().into_iter().filter(|key| !span.has(key));
        faults.extend(missing.map(|key| format!("{name} does not say {key}")));
        let unknown = keys(span).into_iter().filter(|key| !ATTRIBUTES.contains(&key.as_str()));
        faults.extend(unknown.map(|key| format!("{name} says {key}, which is on no list")));
        let failed = span.span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
        faults.extend((failed && !span.has("error.type")).then(|| format!("{name} failed and does not say of what")));
        faults
    }

    fn is_rpc(&self, span: &SeenSpan) -> bool {
        let named = span.attribute("rpc.method") == Some(&span.span.name);
        named && self.rpcs.contains(&span.span.name) && span.attribute("rpc.system.name") == Some("grpc")
    }
}

fn keys(span: &SeenSpan) -> Vec<String> {
    span.span.attributes.iter().map(|attribute| attribute.key.clone()).collect()
}

fn collect(folder: &Path, names: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path)?;
            let named = source.split("const NAME: &'static str = \"").skip(1);
            names.extend(named.filter_map(|rest| rest.split('"').next()).map(str::to_string));
        }
    }
    Ok(())
}
