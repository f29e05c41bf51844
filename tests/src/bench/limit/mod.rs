//! The limit of a call: the least that could do the same, a process of its own as ours is.
//!
//! A tonic server that takes the same messages, a pool of 16 connections, prepared statements, and a transaction of four round
//! trips: BEGIN, two statements, COMMIT. No token, no rule, no idempotency, no policy, no trace. Its rows are as large as ours.
//! How honest it is stands beside it: pgbench runs the same statements.

mod chain;
mod rpc;
pub(super) mod sql;

use std::{net::SocketAddr, process::Stdio};

use anyhow::{Context, Result, ensure};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};
use tonic::transport::{Channel, Endpoint, Server};

use self::rpc::{Appointments, Bare, Referrals};
use super::stage::Stage;
use crate::{Session, eventually, ports};

pub(super) use chain::MESSAGES;
pub(super) use rpc::unary;

/// Connections of its pool, as many as ours.
pub(super) const POOL: u32 = 16;
const SUBMITTED: &str = "relais.referral.referral.submitted.v1";
const MOVED: &str = "relais.scheduling.appointment.moved.v1";

const DATABASE: &str = "RELAIS_BENCH_LIMIT_DATABASE_URL";
const ADDRESS: &str = "RELAIS_BENCH_LIMIT_ADDRESS";
const SIZES: &str = "RELAIS_BENCH_LIMIT_SIZES";
const BROKER: &str = "RELAIS_BENCH_LIMIT_AMQP_URL";
const PREFIX: &str = "RELAIS_BENCH_LIMIT_PREFIX";

/// Bytes that ours keep of a referral, of its event and of a row of the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) row: usize,
    pub(super) event: usize,
    pub(super) audit: usize,
}

impl Sizes {
    fn told(self) -> String {
        format!("{},{},{}", self.row, self.event, self.audit)
    }

    fn read(told: &str) -> Option<Self> {
        let mut sizes = told.split(',').map(str::parse);
        let mut next = || sizes.next()?.ok();
        Some(Self { row: next()?, event: next()?, audit: next()? })
    }
}

/// The limit of one stage, as a process of its own; ends when dropped.
pub(super) struct Limit {
    address: SocketAddr,
    _process: Child,
}

impl Limit {
    /// Starts it on a stage's database; with a broker's prefix, also what relays and consumes.
    pub(super) async fn start(stage: &Stage, sizes: Sizes, prefix: Option<&str>) -> Result<Self> {
        let servers = &stage.suite.servers;
        let (mut database, [address]) = (servers.database_url.clone(), ports::free::<1>()?);
        database.set_path(&stage.suite.name);
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("limit").env(DATABASE, database.as_str()).env(ADDRESS, address.to_string());
        command.env(SIZES, sizes.told()).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(prefix) = prefix {
            servers.note_topology(prefix)?;
            command.env(BROKER, &servers.amqp_url).env(PREFIX, prefix);
        }
        let process = command.spawn().context("starting the limit")?;
        eventually("the limit listens", || async { Ok(TcpStream::connect(address).await.ok()) }).await?;
        Ok(Self { address, _process: process })
    }

    /// Somebody who calls it; nobody looks at the token.
    pub(super) fn session(&self) -> Result<Session> {
        let channel: Channel = Endpoint::from_shared(format!("http://{}", self.address))?.connect_lazy();
        Session::new(channel, "nobody looks")
    }
}

/// Serves as the limit, until killed: what `relais-bench limit` does.
///
/// # Errors
/// When it was not started by a measurement, or cannot serve.
pub async fn serve() -> Result<()> {
    let get = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let sizes = Sizes::read(&get(SIZES)?).context(SIZES)?;
    let options: PgConnectOptions = get(DATABASE)?.parse()?;
    let pool = PgPoolOptions::new().max_connections(POOL).test_before_acquire(false).connect_with(options).await?;
    rpc::make_tables(&pool).await?;
    let bare = Bare { pool: pool.clone(), sizes };
    let address = get(ADDRESS)?.parse()?;
    let serving = Server::builder().add_service(Referrals(bare.clone())).add_service(Appointments(bare));
    match (get(BROKER), get(PREFIX)) {
        (Ok(broker), Ok(prefix)) => {
            let passing = chain::run(&pool, (&broker, &prefix), sizes);
            tokio::try_join!(passing, async { Ok(serving.serve(address).await?) })?;
        }
        _ => serving.serve(address).await?,
    }
    ensure!(false, "the limit ended");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_were_told() {
        let sizes = Sizes { row: 420, event: 611, audit: 333 };
        assert_eq!(Sizes::read(&sizes.told()), Some(sizes));
        assert_eq!(Sizes::read("420,611"), None);
    }
}
