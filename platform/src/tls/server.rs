//! gRPC's door: who shows no certificate of the CA, or one in a name that is not let in, is turned away in the handshake; who
//! does not end the handshake in time is hung up on, so half a hello holds nothing for long.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::{Context as _, ensure};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    client::{danger::HandshakeSignatureValid, verify_server_name},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{
        ParsedCertificate, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;

use super::{Files, expiry::Expiry};
use crate::settings::{TlsSettings, millis};

/// Handshakes under way at once; further callers wait, no longer than a handshake may take.
const AT_ONCE: usize = 512;

/// What [`Door::let_in`] lets in.
pub(crate) type LetIn<S> = ReceiverStream<io::Result<TlsStream<S>>>;

/// Lets callers in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    settings: Arc<TlsSettings>,
    config: Arc<RwLock<Arc<ServerConfig>>>,
    expiry: Expiry,
}

impl Door {
    /// # Errors
    /// When the files are not there, or are not what they should be: the message names the setting.
    pub fn try_new(settings: &TlsSettings) -> anyhow::Result<Self> {
        let files = Files::read(settings)?;
        let (config, expiry) = (config(&files, settings)?, Expiry::watched());
        expiry.note(&files);
        Ok(Self { settings: Arc::new(settings.clone()), config: Arc::new(RwLock::new(config)), expiry })
    }

    /// Looks after the files; ends with its task.
    pub async fn keep_fresh(self) {
        let mut stamp = Files::stamp(&self.settings);
        loop {
            tokio::time::sleep(millis(self.settings.reload_ms)).await;
            let now = Files::stamp(&self.settings);
            if now == stamp {
                continue;
            }
            let read = Files::read(&self.settings);
            match read.and_then(|files| config(&files, &self.settings).map(|config| (files, config))) {
                Ok((files, config)) => {
                    self.expiry.note(&files);
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    stamp = now;
                    tracing::info!("the certificate was read again");
                }
                // Perhaps half of it is written: looked at again.
                Err(error) => tracing::warn!(error = format!("{error:#}"), "the certificate stays the one before"),
            }
        }
    }

    /// Lets peers in until `closing`; each handshake is a task of its own.
    pub fn let_in<S>(self, mut peers: ReceiverStream<io::Result<S>>, closing: CancellationToken) -> LetIn<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        tokio::spawn(async move {
            while let Ok(slot) = slots.clone().acquire_owned().await {
                let met = tokio::select! {
                    () = closing.cancelled() => return,
                    met = peers.next() => met,
                };
                let Some(Ok(stream)) = met else { return };
                let (door, sender) = (self.clone(), sender.clone());
                tokio::spawn(async move {
                    let met = door.shake_hands(stream).await;
                    drop(slot);
                    match met {
                        // Nobody listens any more: the server has ended.
                        Ok(stream) => drop(sender.send(Ok(stream)).await),
                        Err(error) => tracing::debug!(%error, "not let in"),
                    }
                });
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> anyhow::Result<TlsStream<S>> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        let met = timeout(millis(self.settings.handshake_timeout_ms), TlsAcceptor::from(config).accept(stream)).await;
        Ok(met.context("no handshake in time")??)
    }
}

fn config(files: &Files, settings: &TlsSettings) -> anyhow::Result<Arc<ServerConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&files.ca) {
        roots.add(certificate.context("tls.ca_file")?).context("tls.ca_file")?;
    }
    ensure!(!roots.is_empty(), "tls.ca_file holds no certificate");
    let names = settings.client_names().map(|name| ServerName::try_from(name.to_string()));
    let names = names.collect::<Result<_, _>>().context("tls.client_names")?;
    let guard = Guard { chain: WebPkiClientVerifier::builder(roots.into()).build().context("tls.ca_file")?, names };
    let chain = CertificateDer::pem_slice_iter(&files.cert).collect::<Result<Vec<_>, _>>().context("tls.cert_file")?;
    let key = PrivateKeyDer::from_pem_slice(&files.key).context("tls.key_file")?;
    let config = ServerConfig::builder().with_client_cert_verifier(Arc::new(guard)).with_single_cert(chain, key);
    let mut config = config.context("tls.cert_file and tls.key_file")?;
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(Arc::new(config))
}

/// Asks for a certificate of the CA, and for a name that is let in.
#[derive(Debug)]
struct Guard {
    chain: Arc<dyn ClientCertVerifier>,
    /// None: any name.
    names: Vec<ServerName<'static>>,
}

impl ClientCertVerifier for Guard {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(certificate, intermediates, now)?;
        let parsed = ParsedCertificate::try_from(certificate)?;
        let named = self.names.iter().any(|name| verify_server_name(&parsed, name).is_ok());
        if self.names.is_empty() || named {
            return Ok(verified);
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
