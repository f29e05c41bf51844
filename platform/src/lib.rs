//! What every service of Relais gets for free.
//!
//! A service is four things handed to this crate, see [`Service`]: its name and defaults, its migrations, its gRPC routes with
//! the rules of who may call them, and what it does with events. The platform does the rest, in this order
//! ([`bootstrap`]): settings, telemetry, database, broker, health, serve, drain.
//!
//! Follow a change through it: a call is admitted by [`calls::access`], a use case runs in a [`database::Unit`], which commits
//! its rows with the events it emitted; [`outbox::relay`] publishes them; the [`consumer`] of another service applies
//! them, once and in order.

pub mod audit;
pub mod bootstrap;
pub mod broker;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod consumer;
pub mod context;
pub mod database;
pub mod error;
pub mod events;
pub mod figures;
pub mod grpc;
pub mod holdings;
pub mod ids;
pub mod language;
pub mod outbox;
pub mod parties;
pub mod planted;
pub mod random;
pub mod settings;
pub mod telemetry;
mod text_enum;
pub mod timers;
mod tls;
pub mod vault;

pub use context::Context;
pub use error::{Error, Result};

use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use tonic::service::Routes;
use uuid::Uuid;

use audit::{Account, Asked};
use consumer::rebuild::Snapshot;
use database::{Database, Unit};
use error::Violation;
use holdings::Held;
use ids::PatientId;
use timers::Timer;

/// A service, as the platform sees it.
pub trait Service: consumer::Handler {
    /// Its name: of its queue, its schema and its program.
    const NAME: &'static str;
    /// Its defaults over the platform's, as TOML.
    const DEFAULTS: &'static str;
    /// Full names of its gRPC services, for health and reflection.
    const GRPC: &'static [&'static str];
    /// Who may call which of its RPCs. Every RPC has a row.
    const RULES: calls::Rules;
    /// Its messages and fields that are not administrative.
    const FIELDS: calls::rules::Fields = &[];
    /// Whether it keeps people's data under keys: then it does not start without a master key.
    const VAULT: bool = false;

    /// Its migrations.
    fn migrator() -> &'static Migrator;

    /// Its gRPC services. Called once; what it needs in the background it spawns on the context.
    fn routes(context: &Context) -> Routes;

    /// Commands of its program that no other service has.
    fn commands() -> Vec<clap::Command> {
        Vec::new()
    }

    /// Runs one of [`Service::commands`], as the runtime role: what is to be printed.
    ///
    /// # Errors
    /// What stands in the way, in a sentence for whoever typed it.
    fn command(
        context: &Context,
        name: &str,
        arguments: &clap::ArgMatches,
    ) -> impl Future<Output = anyhow::Result<String>> + Send {
        let _ = (context, arguments);
        let unknown = anyhow::anyhow!("{} has no command {name}", Self::NAME);
        async { Err(unknown) }
    }

    /// Starts what it does in the background, once it serves: deliveries, what waits for another service.
    fn background(context: &Context) {
        let _ = context;
    }

    /// How much its background has to do at `now`, by the injected clock. What waits for a later time, or for somebody who is away, is
    /// not among it; what is under way is told by [`consumer::Activity::busy`].
    ///
    /// # Errors
    /// UNAVAILABLE when the database cannot be asked.
    fn due_now(database: &Database, now: DateTime<Utc>) -> impl Future<Output = Result<i64>> + Send {
        let _ = (database, now);
        async { Ok(0) }
    }

    /// Tells figures of its own as metrics, such as [`telemetry::near_limit`]. Asked now and then by each instance that sends metrics.
    ///
    /// # Errors
    /// UNAVAILABLE when the database cannot be asked.
    fn tell_figures(database: &Database, now: DateTime<Utc>) -> impl Future<Output = Result<()>> + Send {
        let _ = (database, now);
        async { Ok(()) }
    }

    /// Does what a timer is for, in the transaction that removes it: `timers.rs` of a service that sets any, one arm a kind.
    ///
    /// # Errors
    /// The timer is tried again later.
    fn due(unit: &mut Unit<'_>, timer: &Timer) -> impl Future<Output = Result<()>> + Send {
        let _ = unit;
        let unknown = Error::internal(anyhow::anyhow!("{} sets no timer {}", Self::NAME, timer.kind));
        async { Err(unknown) }
    }

    /// What belongs to a patient or a referral here, for a caller who may know who saw it: `app/account.rs`.
    ///
    /// # Errors
    /// NOT_FOUND: it is absent, or not the caller's to know, by the same statements.
    fn account(unit: &mut Unit<'_>, asked: Asked) -> impl Future<Output = Result<Account>> + Send {
        let _ = unit;
        async move { Err(Error::not_found(asked)) }
    }

    /// All that is held here on a patient's record, for a caller who answers to that person: `app/holdings.rs`.
    ///
    /// # Errors
    /// NOT_FOUND: nothing is held, or it is not the caller's to know, by the same statements.
    fn holdings(
        context: &Context,
        unit: &mut Unit<'_>,
        patient: PatientId,
    ) -> impl Future<Output = Result<Held>> + Send {
        let _ = (context, unit);
        async move { Err(Error::not_found(patient)) }
    }

    /// The present state of the next aggregates of `kind` by id, for others to rebuild from; empty after the last.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a kind that this service does not own.
    fn snapshot(
        unit: &mut Unit<'_>,
        kind: &str,
        after: Uuid,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Snapshot>>> + Send {
        let _ = (unit, kind, after, limit);
        async { Err(not_owned()) }
    }
}

/// A kind of aggregates that a service does not own.
pub fn not_owned() -> Error {
    Error::invalid(vec![Violation::new("aggregate_kind", "must be one that this service owns")])
}
