//! TLS with certificates on both sides: gRPC as server ([`server`]) and as client ([`peers`]), and the way to the broker.
//!
//! One certificate of a service serves all of these; the database's stands in its URL. A certificate says from which program a
//! connection comes, and no more: who may see or do what is said by the token of each call. Files are read again when they
//! change, so a certificate that is renewed in time needs no restart; connections that stand go on with the one before.

mod expiry;
pub(crate) mod peers;
pub(crate) mod server;

use std::time::SystemTime;

use anyhow::Context as _;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::settings::TlsSettings;

/// Certificate, key and CA as they are read (PEM). It cannot be printed.
#[derive(PartialEq, Eq)]
pub(crate) struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
    ca: Vec<u8>,
}

/// When the files last changed: what is made of them is good as long as that stays.
pub(crate) type Stamp = [Option<SystemTime>; 3];

impl Files {
    /// # Errors
    /// Which setting names a file that cannot be read.
    pub fn read(settings: &TlsSettings) -> anyhow::Result<Self> {
        let read = |setting: &str, file: &str| std::fs::read(file).with_context(|| format!("{setting}: {file}"));
        Ok(Self {
            cert: read("tls.cert_file", &settings.cert_file)?,
            key: read("tls.key_file", &settings.key_file)?,
            ca: read("tls.ca_file", &settings.ca_file)?,
        })
    }

    /// When they last changed.
    pub fn stamp(settings: &TlsSettings) -> Stamp {
        [&settings.cert_file, &settings.key_file, &settings.ca_file]
            .map(|file| std::fs::metadata(file).and_then(|file| file.modified()).ok())
    }

    /// As a client of gRPC.
    pub fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.ca))
            .identity(Identity::from_pem(&self.cert, &self.key))
    }
}

/// How the broker of an `amqps://` URL is spoken to: read at each connecting.
///
/// # Errors
/// When there are files and they cannot be read.
pub(crate) fn broker(settings: &TlsSettings) -> anyhow::Result<OwnedTLSConfig> {
    if !settings.is_on() {
        return Ok(OwnedTLSConfig::default());
    }
    let Files { cert, key, ca } = Files::read(settings)?;
    let cert_chain = Some(String::from_utf8(ca).context("tls.ca_file is no PEM")?);
    Ok(OwnedTLSConfig { identity: Some(OwnedIdentity::PKCS8 { pem: cert, key }), cert_chain })
}
