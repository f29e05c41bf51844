//! One bootstrap for every service: settings → telemetry → database → broker → health → serve → drain.
//!
//! A service waits for what it needs. It listens at once, and its health says that it does not serve; it looks for its
//! database with all migrations until it is there, then for the broker; and it takes up again whatever it loses later.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tonic_health::server::HealthReporter;

use crate::{
    Context, Service,
    audit::sealer,
    calls::token::Verifier,
    database::{self, Database},
    grpc::{health, server},
    outbox::relay::Relay,
    settings::{EnvironmentKind, Settings, millis},
    telemetry::metrics,
    timers,
};

/// How often to look for what is not there yet.
const LOOK: Duration = Duration::from_millis(500);
/// What of the end comes after the calls, all of it together: with the usual `server.drain_ms` and telemetry's last words
/// ([`crate::telemetry`]) it is over within 15 s of the signal, whoever hangs.
const LAST_STEPS: Duration = Duration::from_millis(3_500);
/// Its parts: no later than this after the calls. A step that has no more time leaves what it has not done to the next instance.
const FLUSHED: Duration = Duration::from_millis(1_500);
const TASKS_ENDED: Duration = Duration::from_millis(2_500);
/// Partitions are made days ahead, and kept for days; looking every hour is plenty.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// A service that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub context: Context,
    server: JoinHandle<anyhow::Result<()>>,
}

/// Starts a service and returns at once; it serves when its database is there.
///
/// # Errors
/// When a setting is wrong or the address is taken.
pub async fn start<S: Service>(settings: Settings) -> anyhow::Result<Running> {
    let faults = settings.faults();
    anyhow::ensure!(faults.is_empty(), "settings: {}", faults.join("; "));
    let listener = TcpListener::bind(settings.server.address).await;
    let listener = listener.with_context(|| format!("listening on {}", settings.server.address))?;
    let address = listener.local_addr()?;
    let context = Context::new(S::NAME, settings)?.with_vault::<S>()?;
    let verifier = Verifier::new(&context.settings, S::NAME, context.clock.clone())?;
    let door = server::door(&context)?;
    let (reporter, routes) = server::routes::<S>(&context)?;
    health::not_serving::<S>(&reporter).await;
    context.spawn(context.broker.clone().supervise());
    context.spawn(context.publishing.clone().supervise());
    context.spawn(work::<S>(context.clone(), reporter.clone()));
    let doorway = (listener, door);
    let server = tokio::spawn(server::serve::<S>(context.clone(), doorway, verifier, (reporter.clone(), routes)));
    tracing::info!(%address, "listening");
    Ok(Running { address, context, server })
}

/// Waits for the database, then starts all that works in the background.
async fn work<S: Service>(context: Context, reporter: HealthReporter) {
    until_ready::<S>(&context.database).await;
    if context.settings.environment == EnvironmentKind::Development {
        if let Ok(offset_ms) = context.database.clock_offset().await {
            context.clock.follow(offset_ms);
        }
        context.spawn(context.clock.clone().keep_following(context.database.clone()));
    }
    context.spawn(keep_house(context.clone()));
    context.spawn(sealer::keep_sealing(context.clone()));
    if !context.settings.telemetry.otlp_endpoint.is_empty() {
        context.spawn(metrics::keep_sampling::<S>(context.clone()));
    }
    match database::options(&context.settings.database) {
        Ok(database) => context.spawn(
            Relay {
                database,
                broker: context.publishing.clone(),
                committed: context.database.committed(),
                settings: context.settings.broker.clone(),
                lead: context.lead.clone(),
                planted: context.settings.planted(),
            }
            .run(),
        ),
        // The pool was made of the same options.
        Err(error) => tracing::error!(%error, "no relay"),
    }
    context.spawn_while_open(context.consumer.clone().run::<S>());
    context.spawn_while_open(context.consumer.clone().run_critical::<S>());
    context.spawn_while_open(context.consumer.clone().run_dead::<S>());
    context.spawn_while_open(context.consumer.clone().run_held::<S>());
    context.spawn_while_open(timers::run::<S>(context.clone()));
    S::background(&context);
    tracing::info!("serving");
    context.spawn(health::keep_reporting::<S>(context.clone(), reporter));
}

async fn until_ready<S: Service>(database: &Database) {
    loop {
        match database.is_migrated(S::migrator()).await {
            Ok(true) => return database.note_ready(),
            Ok(false) => tracing::warn!("waiting for migrations"),
            Err(error) => tracing::warn!(%error, "waiting for the database"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Makes partitions of the days ahead, and removes what is older than it is kept.
async fn keep_house(context: Context) {
    loop {
        if let Err(error) = context.database.ensure_partitions().await {
            tracing::warn!(%error, "partitions are made later");
        }
        match context.database.remove_aged(&context.settings.retention).await {
            Ok((0, 0)) => {}
            Ok((partitions, rows)) => tracing::info!(partitions, rows, "what had aged was removed"),
            Err(error) => tracing::warn!(%error, "what has aged is removed later"),
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

impl Running {
    /// Drains: says so in health, takes no more calls and messages, lets calls under way end for `server.drain_ms`,
    /// publishes what was committed, closes.
    pub async fn stop<S: Service>(self) {
        self.context.close();
        let mut server = self.server;
        if timeout(millis(self.context.settings.server.drain_ms), &mut server).await.is_err() {
            tracing::warn!("calls under way did not end in time");
            server.abort();
        }
        let drained = Instant::now();
        let _ = timeout_at(drained + FLUSHED, flush(&self.context)).await;
        if timeout_at(drained + TASKS_ENDED, self.context.stop_tasks()).await.is_err() {
            tracing::warn!("background work did not end in time");
        }
        if timeout_at(drained + LAST_STEPS, self.context.database.close()).await.is_err() {
            tracing::warn!("units of work did not end in time");
        }
        tracing::info!("stopped");
    }

    /// Ends when the server has ended by itself, or a background task has: both do so only by failing.
    pub async fn failed(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            () = self.context.broken() => return anyhow::anyhow!("a background task panicked"),
            ended = &mut self.server => ended,
        };
        match ended {
            Ok(Ok(())) => anyhow::anyhow!("the server ended"),
            Ok(Err(error)) => error,
            Err(panic) => panic.into(),
        }
    }
}

/// Waits until the outbox is empty; what is left waits for the next instance.
async fn flush(context: &Context) {
    while context.publishing.is_connected() {
        match context.database.figures(context.clock.now()).await {
            Ok(figures) if figures.outbox > 0 => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => return,
        }
    }
}
