//! Where it was measured.

use std::{fmt, path::Path, process::Stdio, thread::available_parallelism};

use anyhow::Result;
use chrono::NaiveDate;
use relais_platform::clock::machine_now;
use sqlx::Connection;
use tokio::process::Command;

use crate::Servers;

/// The machine and its servers.
pub(super) struct Machine {
    cores: usize,
    processor: String,
    postgres: String,
    rabbitmq: String,
    day: NaiveDate,
}

impl Machine {
    /// Looks around.
    pub(super) async fn look(servers: &Servers) -> Result<Self> {
        let mut admin = servers.admin().await?;
        let postgres: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut admin).await?;
        admin.close().await?;
        Ok(Self {
            cores: available_parallelism()?.get(),
            processor: processor().unwrap_or_else(|| "unknown".into()),
            postgres: postgres.split(' ').next().unwrap_or_default().into(),
            rabbitmq: rabbitmq(&servers.state).await.unwrap_or_else(|| "as given".into()),
            day: machine_now().date_naive(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, processor, postgres, rabbitmq, day } = self;
        write!(f, "{day}: {cores} cores ({processor}), PostgreSQL {postgres}, RabbitMQ {rabbitmq}, all on one machine")
    }
}

fn processor() -> Option<String> {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = told.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().into())
}

/// The version of the node that `./dev` started; of another one nobody is asked.
async fn rabbitmq(state: &Path) -> Option<String> {
    let asking = Command::new(state.join("rabbitmq/ctl")).arg("version").stderr(Stdio::null()).output().await.ok()?;
    let told = String::from_utf8(asking.stdout).ok()?;
    Some(told.trim().to_string()).filter(|told| asking.status.success() && !told.is_empty())
}
