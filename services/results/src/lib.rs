//! The results service: what is asked of a laboratory or an imaging group, and what it found.
//!
//! A referral that was submitted opens an order without lines ([`app::OpenOrder`], called by [`consumers`]); one that ended
//! withdraws it. The referrer's clinician places lines, the provider says which were sampled ([`app::MoveOrder`]).
//!
//! The provider hands reports in, in versions that never change ([`app::report::CreateReport`],
//! [`app::report::ReviseReport`]). One that does not fit its order is put aside. Each version that is shown waits in a queue
//! until referral has said who receives it, and is then laid before them ([`releases`], [`app::report::SettleRelease`]): they
//! read it and acknowledge it, and to everybody else it is only there. What a report says and a file holds is sealed
//! ([`app::Vault`]), under keys that follow the master key ([`keys`]).
//!
//! What is asked is health data: the referrer and the provider read it ([`grpc`]), a coordinator does not.

pub mod app;
pub mod consumers;
pub mod domain;
pub mod grpc;
pub mod keys;
pub mod recipients;
pub mod releases;
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
    not_owned,
    timers::Timer,
};
use sqlx::migrate::Migrator;
use tonic::service::Routes;
use uuid::Uuid;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service, for the platform.
#[derive(Debug, Clone, Copy)]
pub struct Results;

impl Service for Results {
    const NAME: &'static str = "results";
    const DEFAULTS: &'static str = include_str!("../settings.toml");
    const GRPC: &'static [&'static str] = grpc::SERVICES;
    const RULES: Rules = grpc::RULES;
    const FIELDS: Fields = grpc::FIELDS;
    const VAULT: bool = true;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn routes(context: &Context) -> Routes {
        grpc::routes(context)
    }

    fn background(context: &Context) {
        context.spawn(releases::run(context.clone()));
        context.spawn(keys::run(context.clone()));
    }

    async fn due_now(database: &Database, now: DateTime<Utc>) -> Result<i64> {
        database.look(move |connection| Box::pin(store::report::count_due(connection, now))).await
    }

    async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
        timers::due(unit, timer).await
    }

    async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
        app::account(unit, asked).await
    }

    async fn holdings(context: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
        grpc::holdings(context, unit, patient).await
    }

    async fn snapshot(unit: &mut Unit<'_>, kind: &str, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
        match kind {
            "relais.results.order" => app::snapshot_orders(unit, after, limit).await,
            "relais.results.report" => app::report::snapshot_reports(unit, after, limit).await,
            _ => Err(not_owned()),
        }
    }
}
