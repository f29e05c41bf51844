//! The command line of every service, and its `main`.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    Context, Service, audit, bootstrap,
    broker::Broker,
    calls::{
        rules,
        token::{
            Verifier,
            service_key::{self, ServiceKey},
        },
    },
    clock::Clock,
    database::{Database, migrate, setup},
    grpc,
    settings::{EnvironmentKind, Settings},
    telemetry, tls,
    vault::{KeyService, MasterKeys},
};

/// A service of Relais.
#[derive(Debug, Parser)]
#[command(version, after_help = HELP)]
struct Arguments {
    /// A TOML file over the embedded defaults.
    #[arg(long, global = true, value_name = "FILE", env = "RELAIS_CONFIG")]
    config: Option<PathBuf>,
    /// Print the settings in force, secrets masked, and end.
    #[arg(long)]
    print_config: bool,
    /// Check settings, keys, database, migrations and broker (whose topology is declared), say what is wrong, and end.
    #[arg(long, conflicts_with = "print_config")]
    check: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

const HELP: &str = "Settings are layered: embedded defaults < --config FILE < environment. A setting `database.url` is \
RELAIS__DATABASE__URL in the environment.\n\nA new installation: `setup` once as an administrator, `migrate` with each version as \
the owner, then `serve` as the runtime role.";

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Make database, schema, roles and extension, as database.admin_url. Safe to run again.
    Setup,
    /// Bring the schema to this version, as database.owner_url. Safe to run again.
    Migrate,
    /// Ask the service at server.address whether it serves.
    Healthcheck,
    /// Print who may call what, in Markdown. Needs no settings.
    Rules {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Draw the service's signing key: the private one goes into FILE, the public one is printed, for auth.services_jwks_file.
    DrawKey {
        /// The new file, for auth.service_key_file.
        file: PathBuf,
        /// The key's name, by which the next one differs.
        #[arg(long, default_value = "1")]
        name: String,
    },
    /// Read the whole audit and say its first fault: a byte changed, a row removed, inserted or swapped, and, with
    /// exported heads, a tail cut.
    VerifyAudit {
        /// The exported heads to hold it against; by default those of audit.heads_file.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
}

/// The whole `main` of a service.
pub fn main<S: Service>() -> ExitCode {
    let about = format!("The {} service of Relais", S::NAME);
    let program = format!("relais-{}", S::NAME);
    let command = Arguments::command().bin_name(&program).display_name(&program).about(about);
    let matches = command.subcommands(S::commands()).get_matches();
    let own = matches.subcommand().filter(|(name, _)| S::commands().iter().any(|own| own.get_name() == *name));
    let run = match own {
        Some((name, arguments)) => run_own::<S>(name, arguments),
        None => Arguments::from_arg_matches(&matches).map_err(Into::into).and_then(run::<S>),
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relais-{}: {error:#}", S::NAME);
            ExitCode::FAILURE
        }
    }
}

fn run<S: Service>(arguments: Arguments) -> anyhow::Result<()> {
    if let Some(Command::Rules { json }) = arguments.command {
        let table = grpc::rules::<S>();
        match json {
            true => println!("{}", rules::value(&table)),
            false => print!("{}", rules::markdown(S::NAME, &table, S::FIELDS)),
        }
        return Ok(());
    }
    let settings = Settings::load(S::DEFAULTS, arguments.config.as_deref())?;
    if arguments.print_config {
        print!("{}", settings.printable());
        return Ok(());
    }
    // One provider of cryptography for TLS and tokens; a second one installed before is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async move {
        match arguments.command.unwrap_or(Command::Serve) {
            _ if arguments.check => check::<S>(settings).await,
            // Rules were printed before any setting was read.
            Command::Serve | Command::Rules { .. } => serve::<S>(settings).await,
            Command::Setup => setup::run(&settings.database).await,
            Command::Migrate => migrate::run(&settings.database, S::migrator()).await,
            Command::Healthcheck => healthcheck(settings).await,
            Command::DrawKey { file, name } => draw_key::<S>(&file, &name),
            Command::VerifyAudit { heads } => {
                println!("{}", audit::verify(&settings, S::NAME, heads.as_deref()).await?);
                Ok(())
            }
        }
    });
    // Who looks a name up or waits for a disk does so in a thread of its own, and nobody waits for that.
    runtime.shutdown_background();
    ended
}

/// A command that this service alone has: its answer goes to standard output.
fn run_own<S: Service>(name: &str, arguments: &ArgMatches) -> anyhow::Result<()> {
    let config = arguments.get_one::<PathBuf>("config");
    let settings = Settings::load(S::DEFAULTS, config.map(PathBuf::as_path))?;
    let faults = settings.faults();
    anyhow::ensure!(faults.is_empty(), "settings: {}", faults.join("; "));
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let development = settings.environment == EnvironmentKind::Development;
        let context = Context::new(S::NAME, settings)?;
        if development {
            context.clock.follow(context.database.clock_offset().await?);
        }
        println!("{}", S::command(&context, name, arguments).await?);
        Ok(())
    })
}

async fn serve<S: Service>(settings: Settings) -> anyhow::Result<()> {
    let telemetry = telemetry::start(S::NAME, &settings.telemetry)?;
    let served = serve_until_signal::<S>(settings).await;
    telemetry.shut_down();
    served
}

async fn serve_until_signal<S: Service>(settings: Settings) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut running = bootstrap::start::<S>(settings).await?;
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        error = running.failed() => Some(error),
    };
    match failure {
        Some(error) => Err(error),
        None => {
            running.stop::<S>().await;
            Ok(())
        }
    }
}

async fn check<S: Service>(settings: Settings) -> anyhow::Result<()> {
    let mut faults = settings.faults();
    // Whatever else is wrong: what is missing is told all at once.
    if S::VAULT {
        match MasterKeys::load(&settings.vault) {
            Ok(keys) => println!("vault: master key {} encrypts", keys.newest()),
            Err(error) => faults.push(format!("vault: {error:#}")),
        }
    }
    if settings.faults().is_empty() {
        match keys::<S>(&settings).await {
            Ok(count) => println!("tokens: {count} keys read"),
            Err(error) => faults.push(format!("tokens: {error:#}")),
        }
        faults.extend(database_fault::<S>(&settings).await);
        let broker = Broker::new(&settings.broker, &settings.tls, "check");
        let supervisor = tokio::spawn(broker.clone().supervise());
        match tokio::time::timeout(Duration::from_secs(10), broker.channel()).await {
            Ok(Ok(_)) => println!("broker: reached, topology declared"),
            _ => faults.push("broker: cannot be reached".into()),
        }
        supervisor.abort();
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    anyhow::ensure!(faults.is_empty(), "{} to mend", faults.len());
    Ok(())
}

/// Reads all keys that serving needs: how many the issuer has.
async fn keys<S: Service>(settings: &Settings) -> anyhow::Result<usize> {
    ServiceKey::open(settings, S::NAME, Clock::default())?;
    Verifier::new(settings, S::NAME, Clock::default())?.check().await
}

/// Draws a key of the service: the public JWK to standard output, the private one to a file that only its owner reads.
fn draw_key<S: Service>(file: &Path, name: &str) -> anyhow::Result<()> {
    let (private, public) = service_key::generate(&format!("{}:{name}", S::NAME))?;
    let mut options = std::fs::OpenOptions::new();
    let kept = options.write(true).create_new(true).mode(0o600).open(file).and_then(|mut to| writeln!(to, "{private}"));
    kept.with_context(|| file.display().to_string())?;
    println!("{public}");
    Ok(())
}

/// What is wrong with the database, as an operator must know it.
async fn database_fault<S: Service>(settings: &Settings) -> Option<String> {
    let database = match Database::new(&settings.database, Clock::default()) {
        Ok(database) => database,
        Err(error) => return Some(format!("database.url cannot be read: {}", error.root_cause())),
    };
    match database.is_migrated(S::migrator()).await {
        Ok(true) => {
            println!("database: reached, migrated");
            None
        }
        Ok(false) => Some("database: migrations are missing (run `migrate`)".into()),
        Err(error) => {
            let cause = error.source.as_ref().map_or_else(|| error.message.clone(), |source| format!("{source:#}"));
            Some(format!("database: cannot be reached with database.url: {cause}"))
        }
    }
}

async fn healthcheck(settings: Settings) -> anyhow::Result<()> {
    let mut address = settings.server.address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let scheme = if settings.tls.is_on() { "https" } else { "http" };
    let endpoint = tls::peers::endpoint(&settings.tls, &format!("{scheme}://{address}"), Some("localhost"))?;
    let channel = endpoint.timeout(Duration::from_secs(3)).connect().await.context("connecting")?;
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await?;
    anyhow::ensure!(answer.into_inner().status() == ServingStatus::Serving, "not serving");
    Ok(())
}
