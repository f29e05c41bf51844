//! The scheduling service: when and where a patient is seen.
//!
//! A referral that was submitted opens an appointment without a time yet ([`app::OpenAppointment`], called by [`consumers`]); one
//! that was cancelled gives it up. Both are told by events, so the referral knows its appointment. Whoever is a party of the
//! referral reads it ([`grpc`]).

pub mod app;
pub mod consumers;
pub mod domain;
pub mod grpc;
pub mod store;

use relais_platform::{
    Context, Result, Service,
    audit::{Account, Asked},
    calls::Rules,
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
pub struct Scheduling;

impl Service for Scheduling {
    const NAME: &'static str = "scheduling";
    const DEFAULTS: &'static str = include_str!("../settings.toml");
    const GRPC: &'static [&'static str] = grpc::SERVICES;
    const RULES: Rules = grpc::RULES;

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
            "relais.scheduling.appointment" => app::snapshot_appointments(unit, after, limit).await,
            _ => Err(not_owned()),
        }
    }
}
