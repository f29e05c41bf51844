//! Kills and freezes services, broker and database under load, and holds what was promised against what is there.
//! Started by `./dev faults`, which brings PostgreSQL and RabbitMQ.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use relais_tests::faults::{self, Options, Outage};
use tokio::signal::unix::{SignalKind, signal};

/// Kills and freezes services, broker and database under load, and checks that nothing is lost and nothing happens twice.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many faults.
    #[arg(long, default_value_t = 30)]
    kills: usize,
    /// Draws the same faults again; by itself another one each time.
    #[arg(long, default_value_t = fastrand::u64(..1_000_000))]
    seed: u64,
    /// One long outage instead.
    #[arg(long)]
    outage: Option<Outage>,
    /// A bug for every service, to see that it is found.
    #[arg(long)]
    planted: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { kills, seed, outage, planted } = Arguments::parse();
    match until_stopped(&Options { kills, seed, outage, planted }).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("relais-faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn until_stopped(options: &Options) -> Result<bool> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        result = faults::run(options) => result,
        _ = terminate.recv() => anyhow::bail!("stopped"),
        _ = interrupt.recv() => anyhow::bail!("stopped"),
    }
}
