//! Layered settings: embedded defaults < the service's defaults < a file < the environment.
//!
//! The environment's keys are the path in capitals, joined by two underscores, behind `RELAIS__`:
//! `RELAIS__DATABASE__URL`. A key that no setting has is refused, wherever it stands, so that a slip of the pen is told at
//! start and not found at night. Secrets are never printed, and may come out of files of their own: `settings/secret_files.rs`.

mod retention;
mod secret;
mod secret_files;
mod tls;

use std::{net::SocketAddr, path::Path, time::Duration};

use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};

pub use retention::RetentionSettings;
pub use secret::Secret;
pub use tls::TlsSettings;

const DEFAULTS: &str = include_str!("settings.toml");

/// Where the service runs: it decides what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentKind {
    /// The clock may be moved.
    Development,
    /// For people.
    Production,
}

/// All settings of a service. The meaning of each stands in `settings.toml`, beside its default.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml, which --print-config shows")]
pub struct Settings {
    pub environment: EnvironmentKind,
    pub server: Server,
    pub tls: TlsSettings,
    pub database: DatabaseSettings,
    pub broker: BrokerSettings,
    pub consumer: ConsumerSettings,
    pub timers: TimerSettings,
    pub booking: BookingSettings,
    pub audit: AuditSettings,
    pub retention: RetentionSettings,
    pub partner_links: PartnerLinkSettings,
    pub peers: Peers,
    pub auth: Auth,
    pub vault: VaultSettings,
    pub mail: MailSettings,
    pub telemetry: Telemetry,
    #[cfg(feature = "planted-bugs")]
    #[serde(default)]
    pub planted: crate::planted::Planted,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct Server {
    pub address: SocketAddr,
    pub request_timeout_ms: u64,
    pub max_message_bytes: usize,
    pub max_header_bytes: u32,
    pub max_in_flight: usize,
    pub max_in_flight_per_organisation: usize,
    pub max_connections: usize,
    pub max_streams_per_connection: u32,
    pub handshake_ms: u64,
    pub keepalive_ms: u64,
    pub max_connection_age_ms: u64,
    pub drain_ms: u64,
    pub reflection: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct DatabaseSettings {
    pub url: Secret,
    pub owner_url: Secret,
    pub admin_url: Secret,
    pub schema: String,
    pub max_connections: u32,
    pub acquire_timeout_ms: u64,
    pub statement_timeout_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct BrokerSettings {
    pub url: Secret,
    pub prefix: String,
    pub publish_batch: u16,
    pub publish_timeout_ms: u64,
    pub poll_ms: u64,
    pub leader_silence_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct ConsumerSettings {
    pub prefetch: u16,
    pub batch: usize,
    pub retry_first_ms: u64,
    pub retry_max_ms: u64,
    pub max_attempts: u16,
    pub gap_timeout_ms: u64,
    pub poll_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct TimerSettings {
    pub poll_ms: u64,
    pub retry_first_ms: u64,
    pub retry_max_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct BookingSettings {
    pub hold_s: u32,
    pub reminder_hours: u32,
    pub advance_days: u16,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct AuditSettings {
    pub seal_ms: u64,
    pub heads_file: String,
    pub break_glass_per_day: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct PartnerLinkSettings {
    pub failed_per_minute: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct Peers {
    pub referral: String,
    pub scheduling: String,
    pub results: String,
    pub notification: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct Auth {
    pub issuer: String,
    pub audience: String,
    pub jwks_file: String,
    pub jwks_url: String,
    pub jwks_ttl_ms: u64,
    pub jwks_refetch_ms: u64,
    pub jwks_timeout_ms: u64,
    pub leeway_s: u32,
    pub service_key_file: String,
    pub services_jwks_file: String,
    pub token_key: Secret,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct VaultSettings {
    pub master_key_file: String,
    pub master_keys: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct MailSettings {
    pub url: Secret,
    pub from: String,
    pub timeout_ms: u64,
    pub contact_timeout_ms: u64,
    pub retry_first_ms: u64,
    pub wait_ms: u64,
    pub poll_ms: u64,
    pub at_once: usize,
}

impl MailSettings {
    /// What is wrong with how mail is sent.
    fn faults(&self, environment: EnvironmentKind) -> Vec<&'static str> {
        let url = self.url.expose();
        let wrapped = url.starts_with("smtps://") || url.contains("tls=required");
        let plain = environment == EnvironmentKind::Production && !url.is_empty() && !wrapped;
        let rules = [
            (!url.is_empty() && self.from.is_empty(), "mail.url is set without mail.from"),
            (plain, "mail.url must begin with smtps:// or end in ?tls=required in production"),
        ];
        rules.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, in settings.toml")]
pub struct Telemetry {
    pub otlp_endpoint: String,
    pub sample_ratio: f64,
    pub metrics_interval_ms: u64,
    pub log_format: LogFormat,
    pub filter: String,
}

/// The end of names that nobody can have (RFC 2606): the development issuer's.
const NOBODYS: &str = ".invalid";

impl Auth {
    /// What is wrong with where tokens come from.
    fn faults(&self, environment: EnvironmentKind) -> Vec<&'static str> {
        let production = environment == EnvironmentKind::Production;
        let host = url::Url::parse(&self.issuer).ok().and_then(|url| url.host_str().map(str::to_string));
        let development = host.is_some_and(|host| host.ends_with(NOBODYS));
        let plain = !self.jwks_url.is_empty() && !self.jwks_url.starts_with("https://");
        let unchecked = !self.service_key_file.is_empty() && self.services_jwks_file.is_empty();
        let rules = [
            (self.jwks_file.is_empty() == self.jwks_url.is_empty(), "set one of auth.jwks_file and auth.jwks_url"),
            (production && development, "auth.issuer is the development issuer: in production, name your own"),
            (
                production && plain,
                "auth.jwks_url must begin with https:// in production: who can change keys on their way is let in",
            ),
            (unchecked, "auth.service_key_file is set without auth.services_jwks_file"),
        ];
        rules.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect()
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people at a terminal.
    Text,
}

impl Peers {
    /// The address of a service; empty when it is not set.
    pub fn address(&self, service: &str) -> &str {
        match service {
            "referral" => &self.referral,
            "scheduling" => &self.scheduling,
            "results" => &self.results,
            "notification" => &self.notification,
            _ => "",
        }
    }
}

impl Settings {
    /// Reads all layers: `service_defaults` and `file` lie between the platform's defaults and the environment.
    ///
    /// # Errors
    /// An unknown key, a wrong type, a file that cannot be read: the message names the key.
    pub fn load(service_defaults: &str, file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::layered(service_defaults, file, None)
    }

    /// As [`Settings::load`], with the given pairs in place of the process's environment.
    pub fn load_with(service_defaults: &str, environment: &[(&str, String)]) -> Result<Self, ConfigError> {
        let pairs = environment.iter().map(|(key, value)| ((*key).to_string(), value.clone())).collect();
        Self::layered(service_defaults, None, Some(pairs))
    }

    fn layered(
        service_defaults: &str,
        file: Option<&Path>,
        pairs: Option<config::Map<String, String>>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(File::from_str(service_defaults, FileFormat::Toml));
        if let Some(path) = file {
            layers = layers.add_source(File::from(path).format(FileFormat::Toml));
        }
        let pairs = secret_files::read(pairs.unwrap_or_else(environment))?;
        let environment = Environment::with_prefix("RELAIS").prefix_separator("__").separator("__");
        layers.add_source(environment.try_parsing(true).source(Some(pairs))).build()?.try_deserialize()
    }

    /// The settings in force as TOML, secrets masked.
    pub fn printable(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# cannot be printed: {error}\n"))
    }

    /// What a test planted in this process; see [`crate::planted`].
    pub fn planted(&self) -> crate::planted::Planted {
        #[cfg(feature = "planted-bugs")]
        return self.planted;
        #[cfg(not(feature = "planted-bugs"))]
        crate::planted::Planted::default()
    }

    /// What is missing or contradicts itself before a service can serve; empty when nothing is.
    pub fn faults(&self) -> Vec<String> {
        let required = [
            ("database.url", self.database.url.expose()),
            ("broker.url", self.broker.url.expose()),
            ("auth.issuer", self.auth.issuer.as_str()),
            ("auth.token_key", self.auth.token_key.expose()),
        ];
        let missing = required.iter().filter(|(_, value)| value.is_empty());
        let mut faults: Vec<String> = missing.map(|(key, _)| format!("{key} is not set")).collect();
        let times = [("publish_timeout_ms", self.broker.publish_timeout_ms), ("poll_ms", self.broker.poll_ms)];
        let slow = times.iter().filter(|(_, value)| *value >= self.broker.leader_silence_ms);
        faults.extend(slow.map(|(key, _)| format!("broker.{key} must be below broker.leader_silence_ms")));
        let short = (1..32).contains(&self.auth.token_key.expose().len());
        faults.extend(short.then(|| "auth.token_key has fewer than 32 characters".to_string()));
        faults.extend(self.auth.faults(self.environment).into_iter().map(Into::into));
        faults.extend(self.mail.faults(self.environment).into_iter().map(Into::into));
        faults.extend(self.retention.faults().into_iter().map(Into::into));
        faults.extend(self.tls.faults(self));
        let sampled = (0.0..=1.0).contains(&self.telemetry.sample_ratio);
        faults.extend((!sampled).then(|| "telemetry.sample_ratio must be between 0.0 and 1.0".to_string()));
        faults
    }
}

/// The process's environment, as far as it is text.
fn environment() -> config::Map<String, String> {
    let pairs = std::env::vars_os().map(|(key, value)| (key.into_string(), value.into_string()));
    pairs.filter_map(|(key, value)| key.ok().zip(value.ok())).collect()
}

/// Milliseconds as a duration.
pub fn millis(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// A delay that doubles with each attempt before, from the first to the largest; both in milliseconds.
pub(crate) fn doubled(first_ms: u64, max_ms: u64, before: u32) -> Duration {
    millis(first_ms.saturating_mul(1_u64 << before.min(32)).min(max_ms))
}

#[cfg(test)]
mod tests;
