//! The results service: what is asked of a laboratory or an imaging group, and what it found.
//!
//! A referral that was submitted opens an order without lines yet ([`app::OpenOrder`], called by [`consumers`]); one that was
//! cancelled withdraws it. What is asked is health data: the referrer and the provider read it ([`grpc`]), a coordinator
//! does not.

pub mod app;
pub mod consumers;
pub mod domain;
pub mod grpc;
pub mod store;

use relais_platform::{
    Context, Result, Service,
    audit::{Account, Asked},
    calls::{Rules, rules::Fields},
    consumer::rebuild::Snapshot,
    database::Unit,
    holdings::Held,
    ids::PatientId,
    not_owned,
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

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn routes(context: &Context) -> Routes {
        grpc::routes(context)
    }

    async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
        app::account(unit, asked).await
    }

    async fn holdings(_: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
        grpc::holdings(unit, patient).await
    }

    async fn snapshot(unit: &mut Unit<'_>, kind: &str, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
        match kind {
            "relais.results.order" => app::snapshot_orders(unit, after, limit).await,
            _ => Err(not_owned()),
        }
    }
}
