//! Measures the suite against the bare limit of what it stands on. Started by `./dev bench`, which brings PostgreSQL and
//! RabbitMQ.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use relais_tests::bench::{self, CallPart, CallPlan, Part, Plan};
use tokio::signal::unix::{SignalKind, signal};

/// Measures the suite against the bare limit of what it stands on.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How messages travel: relay, consumers, and from commit to commit.
    Messages {
        /// Only see that everything can be measured: once, with few messages, and no floor counts.
        #[arg(long, conflicts_with_all = ["runs", "rows"])]
        quick: bool,
        /// How often to measure; medians count.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
        /// The largest backlog; the others are 3/10 of it.
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
        rows: u32,
        /// Measure one part alone.
        #[arg(long)]
        only: Option<Part>,
    },
    /// What calls cost: against their bare limit, with and without traces, among few and among many; and what a service takes.
    Calls {
        /// Only see that everything can be measured: once, shortly, and no floor counts.
        #[arg(long, conflicts_with = "runs")]
        quick: bool,
        /// How often to measure; medians count.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=7))]
        runs: u32,
        /// Measure one part alone.
        #[arg(long)]
        only: Option<CallPart>,
    },
    /// The bare limit of a call, which a measurement starts.
    #[command(hide = true)]
    Limit,
    /// What row level security costs: calls with the policies on, and with them off.
    Visibility {
        /// Only see that it can be measured.
        #[arg(long, conflicts_with = "runs")]
        quick: bool,
        /// How often to measure; medians count.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(Arguments::parse().command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("relais-bench: a floor is missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("relais-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Dropping what is measured ends its programs.
async fn measure(command: Command) -> Result<bool> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        measured = run(command) => measured,
        _ = terminate.recv() => anyhow::bail!("stopped"),
        _ = interrupt.recv() => anyhow::bail!("stopped"),
    }
}

async fn run(command: Command) -> Result<bool> {
    match command {
        Command::Messages { quick, runs, rows, only } => {
            let plan = if quick { Plan::quick() } else { Plan::of(runs as usize, rows as usize) };
            bench::messages(Plan { only, ..plan }).await
        }
        Command::Calls { quick, runs, only } => {
            let plan = if quick { CallPlan::quick() } else { CallPlan::of(runs as usize) };
            bench::calls(CallPlan { only, ..plan }).await
        }
        Command::Limit => bench::serve_limit().await.map(|()| true),
        Command::Visibility { quick, runs } => {
            bench::visibility(if quick { Plan::quick() } else { Plan::of(runs as usize, 1_000) }).await
        }
    }
}
