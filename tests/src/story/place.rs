//! Where a story plays: on a suite of its own, or on one that runs already.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity as Pair};

use crate::{Catcher, Identity, Issuer, Journal, Mail, SERVICES, Session, Sessions, SmtpServer, Suite};

/// The services, who issues tokens for them, and where their mail arrives.
pub struct Place {
    pub(super) issuer: Issuer,
    channels: HashMap<&'static str, Channel>,
    mail: Mailbox,
    journal: Option<Journal>,
    pub(super) statements: Option<PathBuf>,
}

enum Mailbox {
    Own(SmtpServer),
    Caught(Catcher),
}

/// A suite that runs already.
#[derive(Debug, Clone, clap::Args)]
pub struct Running {
    /// Where a service listens: SERVICE=URL, once for each of the four.
    #[arg(long = "at", value_name = "SERVICE=URL", required = true, value_parser = address)]
    addresses: Vec<(String, String)>,
    /// The folder of the development issuer's key.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// The mail catcher's HTTP API.
    #[arg(long, value_name = "HOST:PORT")]
    mail: String,
    /// The CA of the services' certificates, for https.
    #[arg(long, value_name = "FILE", requires_all = ["cert", "key"])]
    ca: Option<PathBuf>,
    /// The certificate to show them.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Keep the statements of the story in this folder.
    #[arg(long, value_name = "FOLDER")]
    statements: Option<PathBuf>,
}

fn address(text: &str) -> Result<(String, String), String> {
    let (service, url) = text.split_once('=').ok_or("must be SERVICE=URL")?;
    if !SERVICES.contains(&service) {
        return Err(format!("{service} is none of {}", SERVICES.join(", ")));
    }
    Ok((service.into(), url.into()))
}

impl Running {
    fn tls(&self) -> Result<Option<ClientTlsConfig>> {
        let (Some(ca), Some(cert), Some(key)) = (&self.ca, &self.cert, &self.key) else { return Ok(None) };
        let read = |file: &Path| std::fs::read(file).with_context(|| file.display().to_string());
        let pair = Pair::from_pem(read(cert)?, read(key)?);
        Ok(Some(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)?)).identity(pair)))
    }

    fn channel(&self, service: &str) -> Result<Channel> {
        let found = self.addresses.iter().find(|(name, _)| name == service);
        let (_, url) = found.with_context(|| format!("--at {service}=URL is missing"))?;
        let endpoint = Endpoint::from_shared(url.clone())?;
        Ok(match self.tls()? {
            Some(tls) => endpoint.tls_config(tls)?.connect_lazy(),
            None => endpoint.connect_lazy(),
        })
    }
}

impl Place {
    /// A suite of the story's own, whose mail goes to `mail`.
    ///
    /// # Errors
    /// Never, for addresses that are some.
    pub fn own(suite: &Suite, mail: &SmtpServer) -> Result<Self> {
        let channels = SERVICES.map(|service| Ok((service, suite.channel(service)?)));
        let channels = channels.into_iter().collect::<Result<_>>()?;
        Ok(Self {
            issuer: suite.issuer.clone(),
            channels,
            mail: Mailbox::Own(mail.clone()),
            journal: None,
            statements: None,
        })
    }

    /// One that runs already.
    ///
    /// # Errors
    /// When an address is missing or none, or a file cannot be read.
    pub fn running(running: &Running) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let channels = SERVICES.map(|service| Ok((service, running.channel(service)?)));
        let channels = channels.into_iter().collect::<Result<_>>()?;
        let (issuer, mail) = (Issuer::open(&running.keys)?, Mailbox::Caught(Catcher::new(&running.mail)));
        Ok(Self { issuer, channels, mail, journal: None, statements: running.statements.clone() })
    }

    /// Statements that the story closes are kept in this folder, to be looked at.
    #[must_use]
    pub fn keeping(mut self, statements: Option<PathBuf>) -> Self {
        self.statements = statements;
        self
    }

    /// Each call of the story begins a trace that is noted.
    #[must_use]
    pub fn noted(mut self, journal: &Journal) -> Self {
        self.journal = Some(journal.clone());
        self
    }

    /// Somebody at each service, with one token for all.
    pub(super) fn sessions_until(&self, identity: &Identity, exp: i64) -> Result<Sessions> {
        let token = self.issuer.token_until(identity, exp)?;
        let session = |service: &str| {
            let channel = self.channels.get(service).with_context(|| service.to_string())?;
            let session = Session::new(channel.clone(), &token)?;
            anyhow::Ok(match &self.journal {
                Some(journal) => session.noted(journal),
                None => session,
            })
        };
        Ok(Sessions {
            referral: session("referral")?,
            scheduling: session("scheduling")?,
            results: session("results")?,
            notification: session("notification")?,
        })
    }

    /// The mail that was sent to an address, in order.
    pub(super) async fn mail_to(&self, address: &str) -> Result<Vec<Mail>> {
        match &self.mail {
            Mailbox::Own(server) => Ok(server.taken().into_iter().filter(|mail| mail.to.contains(address)).collect()),
            Mailbox::Caught(catcher) => catcher.mail_to(address).await,
        }
    }
}
