//! What every service of Relais gets for free.
//!
//! A service is four things handed to this crate, see [`Service`]: its name and defaults, its migrations, its gRPC routes with
//! the rules of who may call them, and what it does with events. The platform does the rest, in this order
//! ([`bootstrap`]): settings, telemetry, database, broker, health, serve, drain.
//!
//! Follow a change through it: a call is admitted by [`calls::access`], a use case runs in a [`database::Unit`], which commits
//! its rows with the events it emitted; [`outbox::relay`] publishes them; the [`consumer`] of another service applies
//! them, once and in order.

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
pub mod grpc;
pub mod ids;
pub mod outbox;
pub mod parties;
pub mod random;
pub mod settings;
pub mod telemetry;
mod text_enum;

pub use context::Context;
pub use error::{Error, Result};

use sqlx::migrate::Migrator;
use tonic::service::Routes;

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

    /// Its migrations.
    fn migrator() -> &'static Migrator;

    /// Its gRPC services. Called once; what it needs in the background it spawns on the context.
    fn routes(context: &Context) -> Routes;
}
