//! Ways to the other services: one channel to each, kept, and made anew when the certificate changed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tonic::transport::{ClientTlsConfig, Endpoint};

use super::{Files, Stamp};
use crate::{
    error::{Error, Kind, Result},
    settings::{Settings, TlsSettings},
    telemetry::Peer,
};

/// How fast a peer must connect and show that it lives: a frozen one, or a cut line, says nothing of itself.
const ALIVE: Duration = Duration::from_secs(5);

/// The channels of a process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Channels {
    settings: Arc<Settings>,
    kept: Arc<Mutex<HashMap<String, (Stamp, Peer)>>>,
}

impl Channels {
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, kept: Arc::default() }
    }

    /// The channel to a service, which connects when it is used.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when no setting says where it listens; INTERNAL when the address is none, or the certificate cannot
    /// be read.
    pub fn to(&self, service: &str) -> Result<Peer> {
        let (address, tls) = (self.settings.peers.address(service), &self.settings.tls);
        if address.is_empty() {
            let message = format!("the setting peers.{service} does not say where it listens");
            return Err(Error::new(Kind::FailedPrecondition, "PEER_UNKNOWN", message));
        }
        let stamp = Files::stamp(tls);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, peer)) = kept.get(service).filter(|(of, _)| *of == stamp) {
            return Ok(peer.clone());
        }
        let peer = Peer::new(endpoint(tls, address, None).map_err(Error::internal)?.connect_lazy(), address);
        kept.insert(service.into(), (stamp, peer.clone()));
        Ok(peer)
    }
}

/// A way to an address; `https://` shows this service's certificate, if it has one, and asks for one of its CA in the
/// address's own name or `name`.
///
/// # Errors
/// When the address is none, or the certificate cannot be read.
pub(crate) fn endpoint(tls: &TlsSettings, address: &str, name: Option<&str>) -> anyhow::Result<Endpoint> {
    let endpoint = Endpoint::from_shared(address.to_string())?;
    let endpoint = endpoint.connect_timeout(ALIVE).http2_keep_alive_interval(ALIVE).keep_alive_timeout(ALIVE);
    if !address.starts_with("https://") {
        return Ok(endpoint);
    }
    let config = match tls.is_on() {
        true => Files::read(tls)?.client(),
        false => ClientTlsConfig::new().with_native_roots(),
    };
    let config = name.map_or(config.clone(), |name| config.domain_name(name));
    Ok(endpoint.tls_config(config)?)
}
