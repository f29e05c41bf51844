//! Plays a partnership on the real services. Started by `./dev run`, which brings PostgreSQL and RabbitMQ.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::Result;
use clap::{Parser, Subcommand};
use relais_tests::{
    Identity, Servers, SmtpServer, Staying, Suite,
    story::{self, Cast, Place, Running, STORIES},
};
use tokio::signal::unix::{SignalKind, signal};

/// Plays a partnership on the real services.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the four services, play a story, stop them.
    Run {
        /// Which story; see `list`.
        story: String,
        /// Keep everything running afterwards, until Ctrl-C.
        #[arg(long)]
        stay: bool,
        /// Keep the statements of the story in this folder.
        #[arg(long, value_name = "FOLDER")]
        statements: Option<PathBuf>,
    },
    /// Play a story on a suite that runs already, such as the composed one.
    Against {
        /// Which story; see `list`.
        story: String,
        /// Where it runs.
        #[command(flatten)]
        running: Running,
    },
    /// List the stories.
    List,
    /// Remove what this run left on servers that were there before.
    Tidy,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run { story, stay, statements } => run(&story, stay, statements).await,
        Command::Against { story, running } => against(&story, &running).await,
        Command::List => {
            STORIES.iter().for_each(|story| println!("{:<12} {}", story.name, story.about));
            Ok(())
        }
        Command::Tidy => tidy().await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relais-story: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn tidy() -> Result<()> {
    Servers::from_env()?.tidy().await
}

async fn run(name: &str, stay: bool, statements: Option<PathBuf>) -> Result<()> {
    anyhow::ensure!(
        STORIES.iter().any(|story| story.name == name),
        "there is no story \"{name}\"; ./dev run --list names them"
    );
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let began = Instant::now();
    let (suite, mail) = story::open().await?;
    println!("four services are up after {:.1} s", began.elapsed().as_secs_f32());
    let result = tokio::select! {
        played = play(&suite, &mail, name, statements) => match played {
            Ok(cast) if stay => {
                show(&suite, &cast)?;
                tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
                Ok(())
            }
            played => played.map(|_| println!("\n{name}: played to its end in {:.1} s", began.elapsed().as_secs_f32())),
        },
        _ = terminate.recv() => Err(anyhow::anyhow!("stopped")),
        _ = interrupt.recv() => Err(anyhow::anyhow!("stopped")),
    };
    let stopped = suite.stop().await;
    result.and(stopped)
}

async fn play(suite: &Suite, mail: &SmtpServer, name: &str, statements: Option<PathBuf>) -> Result<Cast> {
    story::play(&Place::own(suite, mail)?.keeping(statements), name).await
}

/// Once through, on services that somebody else started and goes on with.
async fn against(name: &str, running: &Running) -> Result<()> {
    let began = Instant::now();
    story::play(&Place::running(running)?, name).await?;
    println!("\n{name}: played to its end in {:.1} s", began.elapsed().as_secs_f32());
    Ok(())
}

/// Who somebody is, for `./dev token`.
fn as_arguments(identity: &Identity) -> String {
    let Identity { subject, organisation, unit, practitioner, roles } = identity;
    let options =
        [("subject", subject), ("organisation", organisation), ("unit", unit), ("practitioner", practitioner)];
    let options = options.into_iter().chain(roles.iter().map(|role| ("role", role)));
    options.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!(" --{name} {value}")).collect()
}

/// What a person needs to go on by hand.
fn show(suite: &Suite, cast: &Cast) -> Result<()> {
    println!("\nEverything stays up until Ctrl-C.\n\nAddresses (gRPC, reflection on)");
    for (service, address) in suite.addresses() {
        println!("  {service:<14} {address:<22} log {}", suite.log(service).display());
    }
    println!("\nTokens, good for an hour: of whom you wish to call as");
    for actor in &cast.actors {
        println!("  # {}\n  TOKEN=$(./dev token{})", actor.title, as_arguments(&actor.identity));
    }
    let (referral, notification) = (suite.address("referral"), suite.address("notification"));
    println!("\nExample calls: referrals and the inbox, as one of them; what is left to do, as the operator");
    let curl =
        "npx --yes @bufbuild/buf curl --protocol grpc --http2-prior-knowledge -H \"Authorization: Bearer $TOKEN\"";
    println!("  {curl} http://{referral}/relais.referral.v1.ReferralService/ListReferrals -d '{{}}'");
    println!("  {curl} http://{notification}/relais.notification.v1.NotificationService/WatchMessages -d '{{}}'");
    println!("  TOKEN=$(./dev token --role operator)");
    println!("  {curl} http://{referral}/relais.operations.v1.OperationsService/GetBacklog --emit-defaults -d '{{}}'");
    println!("  {curl} http://{referral} --list-methods");
    println!(
        "\nThe services' clock stands where the story has ended, years ahead; AdvanceClock moves it on, at each service for itself. \
         Tokens of before have expired then: ./dev token makes another for the new time (./dev token --help)."
    );
    Staying::note(suite, &suite.servers.state)
}
