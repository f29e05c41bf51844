//! Who is believed on the wire: certificates, and what must be encrypted in production.

use serde::{Deserialize, Serialize};

use super::{EnvironmentKind, Settings};

/// The section `tls`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct TlsSettings {
    pub cert_file: String,
    pub key_file: String,
    pub ca_file: String,
    pub client_names: String,
    pub handshake_timeout_ms: u64,
    pub reload_ms: u64,
    pub elsewhere: String,
}

/// The ways that something else may encrypt.
const WAYS: [&str; 3] = ["grpc", "broker", "database"];

impl TlsSettings {
    /// Whether this service has a certificate: then gRPC is served over TLS alone.
    pub fn is_on(&self) -> bool {
        !self.cert_file.is_empty()
    }

    /// Names that a caller's certificate may carry; none: any name.
    pub fn client_names(&self) -> impl Iterator<Item = &str> {
        words(&self.client_names)
    }

    /// What is missing, and what production would send for everybody to read.
    pub(super) fn faults(&self, settings: &Settings) -> Vec<String> {
        let mut faults = Vec::new();
        let files = [&self.cert_file, &self.key_file, &self.ca_file].map(String::is_empty);
        if files.iter().any(|empty| *empty) && !files.iter().all(|empty| *empty) {
            faults.push("tls.cert_file, tls.key_file and tls.ca_file are set together".into());
        }
        let unknown = words(&self.elsewhere).filter(|word| !WAYS.contains(word));
        faults.extend(unknown.map(|word| format!("tls.elsewhere: \"{word}\" is none of {}", WAYS.join(", "))));
        if settings.environment == EnvironmentKind::Production {
            faults.extend(self.open_ways(settings));
        }
        faults
    }

    fn open_ways(&self, settings: &Settings) -> Vec<String> {
        let open = |way: &str| !words(&self.elsewhere).any(|word| word == way);
        let plain = |url: &str, sign: bool| !url.is_empty() && !sign;
        let (database, broker) = (settings.database.url.expose(), settings.broker.url.expose());
        let peers = ["referral", "scheduling", "results", "notification"].map(|peer| settings.peers.address(peer));
        let peer = peers.iter().any(|address| plain(address, address.starts_with("https://")));
        let rules = [
            (open("grpc") && !self.is_on(), "grpc", "tls.cert_file, tls.key_file and tls.ca_file must be set"),
            (open("grpc") && peer, "grpc", "peers must begin with https://"),
            (
                open("broker") && plain(broker, broker.starts_with("amqps://")),
                "broker",
                "broker.url must begin with amqps://",
            ),
            (
                open("database") && plain(database, database.contains("sslmode=verify-full")),
                "database",
                "database.url must say sslmode=verify-full",
            ),
        ];
        let broken = rules.into_iter().filter(|(wrong, ..)| *wrong);
        broken
            .map(|(_, way, fault)| {
                format!(
                    "in production {fault}, or tls.elsewhere must name \"{way}\", where a mesh or a tunnel encrypts"
                )
            })
            .collect()
    }
}

/// What stands between commas.
fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}
