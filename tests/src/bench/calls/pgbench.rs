//! PostgreSQL's own measure: the limit's statements by pgbench, from the same number of connections, over the same loopback.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::bench::{
    limit::{POOL, Sizes},
    say,
    stage::Stage,
};

/// Where `./dev` found it.
const PROGRAM: &str = "RELAIS_DEV_PGBENCH";

/// Transactions a second of a script; none where there is no pgbench.
pub(super) async fn rate(stage: &Stage, script: &str, sizes: Sizes, time: Duration) -> Result<Option<f64>> {
    let Some(program) = std::env::var(PROGRAM).ok().filter(|program| !program.is_empty()) else {
        say("no pgbench: how honest the limit is cannot be said");
        return Ok(None);
    };
    let servers = &stage.suite.servers;
    let (file, url) = (servers.state.join("pgbench.sql"), &servers.database_url);
    std::fs::write(&file, script)?;
    let clients = POOL.to_string();
    let mut command = Command::new(program);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--client", &clients]);
    command.args(["--time", &time.as_secs().max(1).to_string(), "--file"]).arg(&file);
    for (name, bytes) in [("row", sizes.row), ("event", sizes.event), ("audit", sizes.audit)] {
        command.args(["--define", &format!("{name}={bytes}")]);
    }
    command.env("PGHOST", url.host_str().unwrap_or("127.0.0.1")).env("PGPORT", url.port().unwrap_or(5432).to_string());
    command.env("PGUSER", url.username()).env("PGPASSWORD", url.password().unwrap_or_default());
    let output = command.arg(&stage.suite.name).kill_on_drop(true).output().await.context("pgbench")?;
    let told = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
    transactions(&told).map(Some).with_context(|| format!("pgbench tells no rate: {told}"))
}

/// What it says of its rate, once connected.
fn transactions(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::transactions;

    #[test]
    fn the_rate_is_read_from_what_pgbench_tells() {
        let told = "number of failed transactions: 0 (0.000%)\ntps = 4711.250000 (without initial connection time)\n";
        assert_eq!(transactions(told), Some(4711.25));
        assert_eq!(transactions("nothing"), None);
    }
}
