//! The four programs as a user would run them: set up, migrated, started, stopped.

use std::{
    collections::HashMap,
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::process::{Child, Command};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    Identity, Issuer, MASTER_KEY, SERVICES, Servers, ServiceKeys, Session, Sessions, eventually, ports, process,
};

/// How a suite differs from the usual.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// More settings for every program, by their name in the environment.
    pub settings: HashMap<String, String>,
}

/// How a suite speaks TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Settings of all services: certificate, key, CA.
    pub settings: Vec<(String, String)>,
    /// What clients of the suite show and believe.
    pub client: ClientTlsConfig,
}

/// Where the services listen, in the order of [`SERVICES`].
pub type Addresses = [(&'static str, SocketAddr); 4];

/// Four programs on one database.
pub struct Suite {
    /// The servers.
    pub servers: Servers,
    /// The issuer of its tokens.
    pub issuer: Issuer,
    /// The keys by which its services sign.
    pub service_keys: ServiceKeys,
    /// The name of its database and the prefix of its queues.
    pub name: String,
    addresses: Addresses,
    programs: HashMap<&'static str, Child>,
    options: Options,
    tls: Option<Tls>,
}

impl Suite {
    /// Sets up and migrates a database; nothing runs yet.
    ///
    /// # Errors
    /// When a program is missing or fails.
    pub async fn prepare(options: Options) -> Result<Self> {
        Self::prepare_with(options, None).await
    }

    /// As [`Suite::prepare`], of services that speak TLS.
    ///
    /// # Errors
    /// As there.
    pub async fn prepare_with(options: Options, tls: Option<Tls>) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let servers = Servers::from_env()?;
        let name = servers.unique("suite");
        let issuer = Issuer::open(&servers.state.join(&name))?;
        let service_keys = ServiceKeys::open(&servers.state.join(&name))?;
        servers.note_topology(&name)?;
        let (addresses, programs) = (free_addresses()?, HashMap::new());
        let suite = Self { addresses, servers, issuer, service_keys, name, programs, options, tls };
        for service in SERVICES {
            suite.step(service, "setup").await?;
            suite.step(service, "migrate").await?;
        }
        Ok(suite)
    }

    /// A suite that serves.
    ///
    /// # Errors
    /// When a program does not come up.
    pub async fn start(options: Options) -> Result<Self> {
        let mut suite = Self::prepare(options).await?;
        for service in SERVICES {
            suite.launch(service)?;
        }
        suite.until_serving().await?;
        Ok(suite)
    }

    /// Starts one program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(&mut self, service: &'static str) -> Result<()> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log(service))?;
        let child = self
            .command(service)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting relais-{service}"))?;
        self.programs.insert(service, child);
        Ok(())
    }

    /// Kills one program (SIGKILL), as a fault would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self, service: &'static str) -> Result<()> {
        if let Some(mut child) = self.programs.remove(service) {
            child.kill().await?;
        }
        Ok(())
    }

    /// Freezes one program (SIGSTOP): its connections stay open and it does not answer.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self, service: &str) -> Result<()> {
        process::signal(&[self.pid(service)?], Signal::STOP)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self, service: &str) -> Result<()> {
        process::signal(&[self.pid(service)?], Signal::CONT)
    }

    /// Asks one program to end (SIGTERM), as an operator does.
    ///
    /// # Errors
    /// When it does not run.
    pub fn end(&self, service: &str) -> Result<()> {
        process::signal(&[self.pid(service)?], Signal::TERM)
    }

    /// The process of a program.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pid(&self, service: &str) -> Result<u32> {
        let pid = self.programs.get(service).and_then(Child::id);
        pid.with_context(|| format!("relais-{service} does not run"))
    }

    /// Waits until a program has ended by itself.
    ///
    /// # Errors
    /// When it does not, within half a minute.
    pub async fn until_ended(&mut self, service: &str) -> Result<ExitStatus> {
        let mut child = self.programs.remove(service).with_context(|| format!("relais-{service} does not run"))?;
        let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
        Ok(ended.with_context(|| format!("relais-{service} does not end"))??)
    }

    /// Waits until a program has died on the spot (SIGABRT), as by a planted fault.
    ///
    /// # Errors
    /// When it does not, or ends in any other way.
    pub async fn until_died(&mut self, service: &str) -> Result<()> {
        let status = self.until_ended(service).await?;
        let log = self.log(service);
        let died = status.signal() == Some(Signal::ABORT.as_raw());
        ensure!(died, "relais-{service} ended with {status}, by no fault that was planted (log: {})", log.display());
        Ok(())
    }

    /// The program with the suite's settings, for its other commands.
    pub fn command(&self, service: &'static str) -> Command {
        self.command_of(&format!("relais-{service}"), service)
    }

    /// Another program with the settings of a service: another version of it.
    pub fn command_of(&self, program: &str, service: &str) -> Command {
        let database = self.servers.database_settings(service, &self.name);
        let mut command = Command::new(self.servers.programs.join(program));
        command
            .env("RELAIS__ENVIRONMENT", "development")
            .env("RELAIS__SERVER__ADDRESS", self.address(service).to_string())
            .env("RELAIS__DATABASE__URL", database.url.expose())
            .env("RELAIS__DATABASE__OWNER_URL", database.owner_url.expose())
            .env("RELAIS__DATABASE__ADMIN_URL", database.admin_url.expose())
            .env("RELAIS__DATABASE__MAX_CONNECTIONS", "8")
            .env("RELAIS__BROKER__URL", &self.servers.amqp_url)
            .env("RELAIS__BROKER__PREFIX", &self.name)
            .env("RELAIS__BROKER__POLL_MS", "100")
            .env("RELAIS__AUTH__ISSUER", Issuer::NAME)
            .env("RELAIS__AUTH__JWKS_FILE", self.issuer.jwks())
            .env("RELAIS__AUTH__SERVICE_KEY_FILE", self.service_keys.file(service))
            .env("RELAIS__AUTH__SERVICES_JWKS_FILE", self.service_keys.jwks())
            .env("RELAIS__VAULT__MASTER_KEYS", MASTER_KEY)
            .env("RELAIS__AUTH__TOKEN_KEY", format!("pages and fingerprints of {}, for all instances", self.name))
            .envs(self.peers())
            .envs(self.tls.iter().flat_map(|tls| tls.settings.clone()))
            .envs(&self.options.settings);
        command
    }

    fn peers(&self) -> HashMap<String, String> {
        let peer = |(service, address): &(&str, SocketAddr)| {
            (format!("RELAIS__PEERS__{}", service.to_uppercase()), format!("{}://{address}", self.scheme()))
        };
        self.addresses.iter().map(peer).collect()
    }

    /// Where a service listens.
    pub fn address(&self, service: &str) -> SocketAddr {
        let found = self.addresses.iter().find(|(name, _)| *name == service);
        found.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)), |(_, address)| *address)
    }

    /// Where all listen.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The log of a service.
    pub fn log(&self, service: &str) -> PathBuf {
        self.servers.state.join(format!("{}-{service}.log", self.name))
    }

    /// A channel to a service.
    ///
    /// # Errors
    /// Never, for an address that is one.
    pub fn channel(&self, service: &str) -> Result<Channel> {
        let endpoint = Endpoint::from_shared(format!("{}://{}", self.scheme(), self.address(service)))?;
        Ok(match &self.tls {
            Some(tls) => endpoint.tls_config(tls.client.clone())?.connect_lazy(),
            None => endpoint.connect_lazy(),
        })
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Adds settings for programs that are launched from here on.
    pub fn set(&mut self, settings: HashMap<String, String>) {
        self.options.settings.extend(settings);
    }

    /// Takes a setting back, for programs that are launched from here on.
    pub fn unset(&mut self, setting: &str) {
        self.options.settings.remove(setting);
    }

    /// Somebody at one service.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn session(&self, service: &str, identity: &Identity) -> Result<Session> {
        Session::new(self.channel(service)?, &self.issuer.token(identity)?)
    }

    /// A number out of a service's schema, as its owner.
    ///
    /// # Errors
    /// When the query is wrong.
    pub async fn count(&self, service: &str, sql: &'static str) -> Result<i64> {
        let mut owner = self.owner(service).await?;
        let count = sqlx::query_scalar(sql).fetch_one(&mut owner).await?;
        owner.close().await?;
        Ok(count)
    }

    /// A view on a service's schema, as its owner and with a worker's sight.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn owner(&self, service: &str) -> Result<PgConnection> {
        let settings = self.servers.database_settings(service, &self.name);
        let options: PgConnectOptions = settings.owner_url.expose().parse()?;
        Ok(PgConnection::connect_with(&options.options([("search_path", service), ("app.system", "on")])).await?)
    }

    /// Somebody at each of the services.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sessions(&self, identity: &Identity) -> Result<Sessions> {
        let session = |service| self.session(service, identity);
        Ok(Sessions {
            referral: session("referral")?,
            scheduling: session("scheduling")?,
            results: session("results")?,
            notification: session("notification")?,
        })
    }

    /// The same until a time, in seconds since 1970: for whoever moves the clock.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sessions_until(&self, identity: &Identity, exp: i64) -> Result<Sessions> {
        let token = self.issuer.token_until(identity, exp)?;
        let session = |service| Session::new(self.channel(service)?, &token);
        Ok(Sessions {
            referral: session("referral")?,
            scheduling: session("scheduling")?,
            results: session("results")?,
            notification: session("notification")?,
        })
    }

    /// What a service says of its health.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn health(&self, service: &str, entry: &str) -> Result<ServingStatus> {
        let request = HealthCheckRequest { service: entry.into() };
        Ok(HealthClient::new(self.channel(service)?).check(request).await?.into_inner().status())
    }

    /// Waits until all serve, with the broker at hand.
    ///
    /// # Errors
    /// When one does not; its log says why.
    pub async fn until_serving(&self) -> Result<()> {
        for service in SERVICES {
            for entry in ["", relais_platform::grpc::health::BROKER] {
                self.until_health(service, entry, ServingStatus::Serving).await?;
            }
        }
        Ok(())
    }

    /// Waits until a service says this of its health.
    ///
    /// # Errors
    /// When it does not.
    pub async fn until_health(&self, service: &str, entry: &str, expected: ServingStatus) -> Result<()> {
        let what = format!("relais-{service} says {expected:?} of \"{entry}\" (log: {})", self.log(service).display());
        eventually(&what, || async { Ok((self.health(service, entry).await? == expected).then_some(())) }).await
    }

    /// Stops everything as an operator would, and removes database and queues.
    ///
    /// # Errors
    /// When a program does not end well.
    pub async fn stop(mut self) -> Result<()> {
        let programs = std::mem::take(&mut self.programs);
        for child in programs.values() {
            process::signal(&child.id().into_iter().collect::<Vec<_>>(), Signal::TERM)?;
        }
        for (service, mut child) in programs {
            let ended = tokio::time::timeout(Duration::from_secs(20), child.wait()).await;
            let status = ended.with_context(|| format!("relais-{service} does not end"))??;
            ensure!(status.success(), "relais-{service} ended with {status}");
        }
        self.servers.drop_topology(&self.name).await?;
        self.servers.drop_database(&self.name).await
    }

    async fn step(&self, service: &'static str, step: &str) -> Result<()> {
        let output = self.command(service).arg(step).output().await;
        let output = output.with_context(|| format!("relais-{service} {step}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "relais-{service} {step}: {said}");
        Ok(())
    }
}

fn free_addresses() -> Result<Addresses> {
    let addresses = ports::free::<4>()?;
    Ok(std::array::from_fn(|n| (SERVICES[n], addresses[n])))
}
