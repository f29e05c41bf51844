//! The versions, as the platform sees them.

use std::{borrow::Cow, sync::LazyLock};

use relais_platform::{
    Context, Error, Result, Service,
    audit::{Account, Asked},
    broker::envelope::Envelope,
    calls::{Rules, rules::Fields},
    consumer::{Handler, Restored, rebuild::Snapshot},
    database::{Database, Unit},
    events::Event,
    holdings::Held,
    ids::PatientId,
    timers::Timer,
};
use relais_referral::Referral;
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use sqlx_otel::QueryAnnotateExt;
use tonic::service::Routes;
use uuid::Uuid;

/// A version of the referral service.
#[derive(Debug, Clone, Copy)]
pub struct Version<const V: u8>;

/// What each version adds to the schema, after the service's own migrations.
const ADDED: [(i64, &str, &str); 3] = [
    (9001, "seen", include_str!("../migrations/9001_seen.sql")),
    (9002, "expand", include_str!("../migrations/9002_expand.sql")),
    (9003, "contract", include_str!("../migrations/9003_contract.sql")),
];

static MIGRATORS: [LazyLock<Migrator>; 3] =
    [LazyLock::new(|| migrator(1)), LazyLock::new(|| migrator(2)), LazyLock::new(|| migrator(3))];

fn migrator(version: usize) -> Migrator {
    let own = Referral::migrator();
    let added = ADDED.iter().take(version).map(|(number, name, sql)| {
        Migration::new(*number, Cow::Borrowed(*name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut all = Migrator::with_migrations(own.iter().cloned().chain(added).collect());
    all.dangerous_set_table_name(own.table_name.clone());
    all
}

impl<const V: u8> Handler for Version<V> {
    async fn consume(unit: &mut Unit<'_>, event: &Event, envelope: &Envelope) -> Result<()> {
        Referral::consume(unit, event, envelope).await?;
        match event {
            Event::AppointmentProposed(told) => note::<V>(unit, envelope.aggregate_id, &told.referral).await,
            _ => Ok(()),
        }
    }

    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        Referral::restore(unit, restored).await
    }

    async fn forget(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
        Referral::forget(unit, patient).await
    }
}

/// Notes an appointment. One that is noted already fails: an event has its effect once, whichever version applies it.
async fn note<const V: u8>(unit: &mut Unit<'_>, appointment: Uuid, referral: &str) -> Result<()> {
    let program = i16::from(V);
    if V == 1 {
        let query = sqlx::query("INSERT INTO seen_appointment (appointment_id, program, referral) VALUES ($1, $2, $3)");
        let query = query.bind(appointment).bind(program).bind(referral);
        query.with_operation("INSERT", "seen_appointment").execute(unit.sql()).await?;
        return Ok(());
    }
    let id = referral.strip_prefix("referrals/").and_then(|id| Uuid::try_parse(id).ok());
    let id = id.ok_or_else(|| Error::internal(anyhow::anyhow!("no name of a referral")))?;
    let query = sqlx::query("INSERT INTO seen_appointment (appointment_id, program, referral_id) VALUES ($1, $2, $3)");
    let query = query.bind(appointment).bind(program).bind(id);
    query.with_operation("INSERT", "seen_appointment").execute(unit.sql()).await?;
    Ok(())
}

impl<const V: u8> Service for Version<V> {
    const NAME: &'static str = Referral::NAME;
    const DEFAULTS: &'static str = Referral::DEFAULTS;
    const GRPC: &'static [&'static str] = Referral::GRPC;
    const RULES: Rules = Referral::RULES;
    const FIELDS: Fields = Referral::FIELDS;
    const VAULT: bool = Referral::VAULT;

    fn migrator() -> &'static Migrator {
        &MIGRATORS[usize::from(V) - 1]
    }

    fn routes(context: &Context) -> Routes {
        Referral::routes(context)
    }

    fn background(context: &Context) {
        Referral::background(context);
    }

    async fn due_now(database: &Database, now: chrono::DateTime<chrono::Utc>) -> Result<i64> {
        Referral::due_now(database, now).await
    }

    async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
        Referral::due(unit, timer).await
    }

    async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
        Referral::account(unit, asked).await
    }

    async fn holdings(context: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
        Referral::holdings(context, unit, patient).await
    }

    async fn snapshot(unit: &mut Unit<'_>, kind: &str, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
        Referral::snapshot(unit, kind, after, limit).await
    }
}
