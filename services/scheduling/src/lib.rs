//! The scheduling service: when and where a patient is seen.
//!
//! A referral that was submitted opens an appointment without a time yet ([`app::OpenAppointment`], called by [`consumers`]); one
//! that ended gives it up. Sites have opening rules, of which slots with seats are made ([`app::opening`]). Once the referral is
//! accepted, a slot is searched, a seat held or booked, and then the patient comes or does not: each step is a use case of
//! [`app`], decided by [`domain`], and told by an event. Which seat is free, the database alone decides ([`store::seat`]). What
//! has to happen at its time stands in [`timers`]. Whoever is a party of the referral reads its appointments ([`grpc`]).

pub mod app;
pub mod consumers;
pub mod domain;
pub mod grpc;
pub mod store;
pub mod timers;

use relais_platform::{
    Context, Result, Service,
    audit::{Account, Asked},
    calls::{Rules, rules::Fields},
    consumer::rebuild::Snapshot,
    database::Unit,
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
pub struct Scheduling;

impl Service for Scheduling {
    const NAME: &'static str = "scheduling";
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

    async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
        timers::due(unit, timer).await
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
