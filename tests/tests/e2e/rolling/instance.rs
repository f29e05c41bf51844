//! One instance of a version of the referral service, at an address of its own.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use relais_tests::{Identity, Session, Suite, eventually};
use tokio::process::{Child, Command};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

/// An instance.
pub struct Instance {
    /// Where it listens.
    pub address: SocketAddr,
    version: u8,
    child: Child,
}

fn program(suite: &Suite, version: u8) -> Command {
    let mut command = suite.command_of("relais-rolling", "referral");
    command.env("RELAIS_ROLLING_VERSION", version.to_string());
    command
}

/// Runs the migrations of a version, as its job does.
pub async fn migrate(suite: &Suite, version: u8) -> Result<()> {
    let output = program(suite, version).arg("migrate").output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "version {version} does not migrate: {said}");
    Ok(())
}

/// A channel to an address, made anew when it breaks.
pub fn channel(address: SocketAddr) -> Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect_timeout(Duration::from_secs(2)).connect_lazy())
}

/// Somebody at an address.
pub fn session(suite: &Suite, address: SocketAddr, identity: &Identity) -> Result<Session> {
    Session::new(channel(address)?, &suite.issuer.token(identity)?)
}

impl Instance {
    /// Starts a version at an address.
    pub fn start(suite: &Suite, version: u8, address: SocketAddr) -> Result<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(suite.log("rolling"))?;
        let mut command = program(suite, version);
        let command = command.env("RELAIS__SERVER__ADDRESS", address.to_string()).stdin(Stdio::null());
        let child =
            command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn().context("relais-rolling")?;
        Ok(Self { address, version, child })
    }

    /// What it says of its health.
    pub async fn health(&self) -> Result<ServingStatus> {
        let mut client = HealthClient::new(channel(self.address)?);
        Ok(client.check(HealthCheckRequest::default()).await?.into_inner().status())
    }

    /// Waits until it says this of its health.
    pub async fn until(&self, expected: ServingStatus) -> Result<()> {
        let what = format!("version {} says {expected:?}", self.version);
        eventually(&what, || async { Ok((self.health().await? == expected).then_some(())) }).await
    }

    /// Ends it as an operator does (SIGTERM): it must be gone, and well, within 15 s.
    pub async fn end(mut self) -> Result<()> {
        let pid = self.child.id().context("it has ended by itself")?;
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid)?).context("no process")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let ended = tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await;
        let status = ended.with_context(|| format!("version {} does not end", self.version))??;
        ensure!(status.success(), "version {} ended with {status}", self.version);
        Ok(())
    }
}
