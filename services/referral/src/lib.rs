//! The referral service: the network's directory, conventions, patient records and referrals.
//!
//! A coordinator submits a referral. [`grpc`] parses the request and calls [`app::referral::SubmitReferral`], which loads the
//! convention and asks [`domain::convention::admit`]; what it admits is stored with its parties ([`store`]) and told to
//! the other services by an event of the same transaction. From then on it goes through its states
//! ([`domain::referral::State`]): by what its parties ask for ([`domain::referral::go`]), by what other services tell
//! ([`consumers`]), and by time ([`timers`]).
//!
//! Four walls stand inside, in each room: `network`, `convention`, `identity` and `referral`. A folder reaches another only
//! through its public functions.

pub mod app;
mod commands;
pub mod consumers;
pub mod domain;
pub mod grpc;
pub mod store;
pub mod timers;

use chrono::{DateTime, Utc};
use relais_platform::{
    Context, Result, Service,
    audit::{Account, Asked},
    calls::{Rules, rules::Fields},
    consumer::rebuild::Snapshot,
    database::{Database, Unit},
    holdings::Held,
    ids::PatientId,
    not_owned, telemetry,
    timers::Timer,
};
use sqlx::migrate::Migrator;
use tonic::service::Routes;
use uuid::Uuid;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service, for the platform.
#[derive(Debug, Clone, Copy)]
pub struct Referral;

impl Service for Referral {
    const NAME: &'static str = "referral";
    const DEFAULTS: &'static str = include_str!("../settings.toml");
    const GRPC: &'static [&'static str] = grpc::SERVICES;
    const RULES: Rules = grpc::RULES;
    const FIELDS: Fields = grpc::FIELDS;
    const VAULT: bool = true;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    async fn tell_figures(database: &Database, now: DateTime<Utc>) -> Result<()> {
        let today = now.date_naive();
        let count = database.look(move |connection| Box::pin(store::convention::count_near_limit(connection, today)));
        let (near, full) = count.await?;
        telemetry::near_limit(near, full);
        Ok(())
    }

    fn commands() -> Vec<clap::Command> {
        vec![commands::invite_administrator()]
    }

    async fn command(context: &Context, _: &str, arguments: &clap::ArgMatches) -> anyhow::Result<String> {
        commands::run_invite_administrator(context, arguments).await
    }

    fn routes(context: &Context) -> Routes {
        grpc::routes(context)
    }

    async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
        timers::due(unit, timer).await
    }

    async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
        app::referral::account(unit, asked).await
    }

    async fn holdings(context: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
        grpc::holdings(context, unit, patient).await
    }

    async fn snapshot(unit: &mut Unit<'_>, kind: &str, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
        match kind {
            "relais.referral.referral" => app::referral::snapshot_referrals(unit, after, limit).await,
            "relais.referral.site" => app::network::snapshot_sites(unit, after, limit).await,
            _ => Err(not_owned()),
        }
    }
}
