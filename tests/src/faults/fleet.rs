//! Two instances of each service, and the servers they stand on: all that can be killed, frozen and started again.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::{process::Command, time::timeout};
use tonic::transport::Endpoint;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::plan::{INSTANCES, LEADER_SILENCE_MS, Victim};
use crate::{Identity, Options, SERVICES, Session, Suite, eventually, ports, process::Process};

/// Settings of every instance: what waits for long waits less, and nothing is parked because its database was away.
const SETTINGS: [(&str, &str); 7] = [
    ("RELAIS__DATABASE__MAX_CONNECTIONS", "5"),
    ("RELAIS__BROKER__PUBLISH_TIMEOUT_MS", "3000"),
    ("RELAIS__BROKER__POLL_MS", "100"),
    ("RELAIS__CONSUMER__RETRY_FIRST_MS", "200"),
    ("RELAIS__CONSUMER__RETRY_MAX_MS", "2000"),
    ("RELAIS__CONSUMER__MAX_ATTEMPTS", "60"),
    ("RELAIS__CONSUMER__POLL_MS", "100"),
];

/// Everything that runs.
pub struct Fleet {
    /// Database, queues and tokens. Programs of its own it has none.
    pub suite: Suite,
    addresses: BTreeMap<Victim, SocketAddr>,
    processes: BTreeMap<Victim, Process>,
}

impl Fleet {
    /// Sets up a database, starts all instances, with a planted bug if one is named, and waits until they serve.
    ///
    /// # Errors
    /// When a program is missing or does not come up.
    pub async fn start(planted: Option<&str>) -> Result<Self> {
        let settings = SETTINGS.map(|(key, value)| (key.to_string(), value.to_string())).into_iter();
        let silence = ("RELAIS__BROKER__LEADER_SILENCE_MS".to_string(), LEADER_SILENCE_MS.to_string());
        let planted = planted.map(|bug| ("RELAIS__PLANTED__BUG".to_string(), bug.to_string()));
        let settings = settings.chain([silence]).chain(planted).collect();
        let suite = Suite::prepare(Options { settings }).await?;
        let instances = SERVICES.iter().flat_map(|service| (0..INSTANCES).map(|index| Victim::Service(service, index)));
        let addresses: BTreeMap<_, _> = instances.zip(ports::free::<{ SERVICES.len() * INSTANCES }>()?).collect();
        let mut processes: BTreeMap<_, _> = addresses.keys().map(|victim| (*victim, Process::default())).collect();
        for server in [Victim::Broker, Victim::Database] {
            if let Some(pid) = running_server(&suite, server)? {
                processes.insert(server, Process::found(pid));
            }
        }
        let fleet = Self { suite, addresses, processes };
        for instance in fleet.addresses.keys() {
            fleet.launch(*instance).await?;
        }
        fleet.until_serving().await?;
        Ok(fleet)
    }

    /// The servers that can be killed, for they can be started again.
    pub fn servers(&self) -> Vec<Victim> {
        self.processes.keys().copied().filter(|victim| !self.addresses.contains_key(victim)).collect()
    }

    /// All that can be killed.
    pub fn victims(&self) -> Vec<Victim> {
        self.processes.keys().copied().collect()
    }

    /// Starts what is down.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn launch(&self, victim: Victim) -> Result<()> {
        self.process(victim)?.start(self.command(victim)?).await.with_context(|| format!("starting {victim}"))
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&self, victim: Victim) -> Result<()> {
        self.process(victim)?.kill().await
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub async fn freeze(&self, victim: Victim) -> Result<()> {
        self.process(victim)?.freeze().await
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub async fn thaw(&self, victim: Victim) -> Result<()> {
        self.process(victim)?.thaw().await
    }

    /// How it ended by itself, if it did.
    ///
    /// # Errors
    /// When there is no such process.
    pub async fn ended(&self, victim: Victim) -> Result<Option<ExitStatus>> {
        Ok(self.process(victim)?.ended().await)
    }

    /// Somebody at each instance of a service, over connections of their own.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sessions(&self, service: &'static str, identity: &Identity) -> Result<Vec<Session>> {
        let token = self.suite.issuer.token(identity)?;
        let addresses = (0..INSTANCES).filter_map(|index| self.addresses.get(&Victim::Service(service, index)));
        let channels = addresses.map(|address| anyhow::Ok(Endpoint::from_shared(format!("http://{address}"))?));
        channels.map(|channel| Session::new(channel?.connect_lazy(), &token)).collect()
    }

    /// Waits until all instances serve, with the broker at hand.
    ///
    /// # Errors
    /// When one does not; its log says why.
    pub async fn until_serving(&self) -> Result<()> {
        for (instance, address) in &self.addresses {
            let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
            for entry in ["", relais_platform::grpc::health::BROKER] {
                let what = format!("{instance} serves \"{entry}\" (log: {})", self.log(*instance).display());
                let serves = || async {
                    let request = HealthCheckRequest { service: entry.into() };
                    let mut health = HealthClient::new(channel.clone());
                    let answer = timeout(Duration::from_secs(2), health.check(request)).await;
                    let status = answer??.into_inner().status();
                    Ok((status == ServingStatus::Serving).then_some(()))
                };
                eventually(&what, serves).await?;
            }
        }
        Ok(())
    }

    /// RabbitMQ's own tool, for a broker that can be started again.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn rabbitmqctl(&self, arguments: &[&str]) -> Result<()> {
        let program = folder(&self.suite, Victim::Broker).join("ctl");
        let output =
            Command::new(program).args(arguments).stdin(Stdio::null()).output().await.context("rabbitmqctl")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "rabbitmqctl {}: {said}", arguments.join(" "));
        Ok(())
    }

    /// The log of an instance.
    pub fn log(&self, victim: Victim) -> PathBuf {
        self.suite.servers.state.join(format!("{}-{victim}.log", self.suite.name))
    }

    /// Stops the instances as an operator would, and removes database and queues.
    ///
    /// # Errors
    /// When an instance does not end well.
    pub async fn stop(self) -> Result<()> {
        for instance in self.addresses.keys() {
            let ended = timeout(Duration::from_secs(20), self.process(*instance)?.end()).await;
            let status = ended.with_context(|| format!("{instance} does not end"))??;
            ensure!(status.is_some_and(|status| status.success()), "{instance} ended with {status:?}");
        }
        self.suite.stop().await
    }

    fn command(&self, victim: Victim) -> Result<Command> {
        let mut command = match victim {
            Victim::Service(service, index) => {
                let log = OpenOptions::new().create(true).append(true).open(self.log(victim))?;
                let mut command = self.suite.command(service);
                command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
                if let Some(address) = self.addresses.get(&victim) {
                    command.env("RELAIS__SERVER__ADDRESS", address.to_string());
                }
                command.envs(self.peers(index));
                command
            }
            // It writes its own log, and outlives this program as the one before would have: `./dev` ends it.
            server => {
                let mut command = Command::new(folder(&self.suite, server).join("start"));
                command.process_group(0);
                command
            }
        };
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// Whom an instance asks: of each service the instance of its own number.
    fn peers(&self, index: usize) -> Vec<(String, String)> {
        let address = |service| self.addresses.get(&Victim::Service(service, index)).map(|address| (service, address));
        let peers = SERVICES.iter().copied().filter_map(address);
        peers
            .map(|(service, address)| {
                (format!("RELAIS__PEERS__{}", service.to_uppercase()), format!("http://{address}"))
            })
            .collect()
    }

    fn process(&self, victim: Victim) -> Result<&Process> {
        self.processes.get(&victim).with_context(|| format!("{victim} is not ours to start"))
    }
}

fn folder(suite: &Suite, server: Victim) -> PathBuf {
    suite.servers.state.join(if server == Victim::Broker { "rabbitmq" } else { "postgres" })
}

/// The server's process, if `./dev` left a program there that starts it again.
fn running_server(suite: &Suite, server: Victim) -> Result<Option<u32>> {
    let folder = folder(suite, server);
    if !folder.join("start").exists() {
        return Ok(None);
    }
    let pid = fs::read_to_string(folder.join("pid")).with_context(|| format!("the process of the {server}"))?;
    Ok(Some(pid.trim().parse()?))
}
