//! The notification service: who is told what.
//!
//! An event of another service ([`consumers`]) becomes messages in the inboxes of those whom [`domain::told`] names.
//! They are listed, and followed as they come: each message is an event itself, which wakes the streams of every
//! instance ([`grpc`]), and each stream reads on from its own number. A message says that something happened, never what
//! is the matter with a patient.
//!
//! What goes out of the suite, to a mailbox that wants it or to a patient who is to be reminded, is a delivery of the same
//! transaction. A worker sends it (`mail`), in the recipient's language ([`words`]), and notes how that ended.

pub mod app;
pub mod consumers;
pub mod domain;
pub mod grpc;
mod mail;
pub mod store;
pub mod words;

use chrono::{DateTime, Utc};
use relais_platform::{
    Context, Result, Service,
    audit::{Account, Asked},
    calls::Rules,
    database::{Database, Unit},
    holdings::Held,
    ids::PatientId,
};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service, for the platform.
#[derive(Debug, Clone, Copy)]
pub struct Notification;

impl Service for Notification {
    const NAME: &'static str = "notification";
    const DEFAULTS: &'static str = include_str!("../settings.toml");
    const GRPC: &'static [&'static str] = grpc::SERVICES;
    const RULES: Rules = grpc::RULES;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn routes(context: &Context) -> Routes {
        grpc::routes(context)
    }

    fn background(context: &Context) {
        mail::start(context);
    }

    async fn due_now(database: &Database, now: DateTime<Utc>) -> Result<i64> {
        database.look(move |connection| Box::pin(store::count_due(connection, now))).await
    }

    async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
        app::account(unit, asked).await
    }

    async fn holdings(_: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
        grpc::holdings(unit, patient).await
    }
}
