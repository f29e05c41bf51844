//! PostgreSQL: the pool, units of work, set-up and migrations.
//!
//! Every statement of a service runs inside a [`Unit`]; [`Database::execute`] is the way in. Set-up and migrations are steps
//! of their own, run as other roles ([`setup`], [`migrate`]).

mod later;
pub mod migrate;
mod patience;
pub mod setup;
mod unit;
mod use_case;
mod visibility;
mod writes;

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Connection, PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use sqlx_otel::{PoolBuilder, QueryTextMode};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    error::Result,
    planted::Planted,
    settings::{DatabaseSettings, millis},
};

pub use later::Rows;
pub use unit::{Transaction, Unit};
pub use use_case::{Look, UseCase};
pub use writes::WriteSet;

/// A connection that was used so shortly ago is not asked whether it lives.
const LIVES: Duration = Duration::from_secs(1);

/// What takes longer to say that it lives is as good as gone: one that is frozen, or behind a network that drops all, says nothing.
const ANSWERS: Duration = Duration::from_secs(5);

/// The pool's name in metrics.
const POOL: &str = "relais";

/// A pool whose statements are spans.
pub type Pool = sqlx_otel::Pool<Postgres>;

/// The service's database: a pool as the runtime role. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    /// The same pool without spans, for what is asked again and again: each would be a trace of its own.
    quiet: PgPool,
    clock: Clock,
    /// Woken when events were committed.
    committed: Arc<Notify>,
    /// Units of work under way: they outlive cancelled calls, and a drain waits for them.
    units: TaskTracker,
    /// Whether it has been seen with all migrations of this program.
    ready: Arc<AtomicBool>,
    planted: Planted,
}

impl Database {
    /// A pool that connects when it is first needed.
    ///
    /// # Errors
    /// When `database.url` is not a PostgreSQL URL.
    pub fn new(settings: &DatabaseSettings, clock: Clock) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(millis(settings.acquire_timeout_ms))
            // Instead of sqlx's own question, which every unit would wait for.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move { Ok(meta.idle_for < LIVES || connection.ping().await.is_ok()) })
            })
            .connect_lazy_with(options(settings)?);
        let quiet = pool.clone();
        let pool = PoolBuilder::from(pool).with_query_text_mode(QueryTextMode::Full).with_pool_name(POOL).build();
        Ok(Self {
            pool,
            quiet,
            clock,
            committed: Arc::default(),
            units: TaskTracker::new(),
            ready: Arc::default(),
            planted: Planted::default(),
        })
    }

    /// With what a test planted.
    #[must_use]
    pub(crate) fn with(self, planted: Planted) -> Self {
        Self { planted, ..self }
    }

    /// For what is asked again and again, outside any unit of work.
    pub(crate) fn quiet(&self) -> &PgPool {
        &self.quiet
    }

    /// The pool that units of work borrow from, for tests of what one leaves behind in its connection.
    #[cfg(feature = "planted-bugs")]
    pub fn between_units(&self) -> &PgPool {
        &self.quiet
    }

    /// Whether the database answers, within seconds.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        let asked = sqlx::query("SELECT 1").execute(&self.quiet);
        tokio::time::timeout(ANSWERS, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        Ok(())
    }

    /// Says that it has been seen with all migrations of this program.
    pub(crate) fn note_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether it has been, since the start.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Whether this process has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.quiet.is_closed()
    }

    /// The offset of the clock, see [`crate::clock`].
    pub(crate) async fn clock_offset(&self) -> Result<i64> {
        Ok(sqlx::query_scalar!("SELECT offset_ms FROM clock").fetch_one(&self.quiet).await?)
    }

    /// Wakes whoever waits for committed events.
    pub(crate) fn committed(&self) -> Arc<Notify> {
        self.committed.clone()
    }

    /// Waits for the units of work under way, then closes the pool.
    pub(crate) async fn close(&self) {
        self.units.close();
        self.units.wait().await;
        self.pool.close().await;
    }
}

/// Options of a connection as the runtime role, with the service's schema in front and time-outs as a backstop.
///
/// # Errors
/// When `database.url` is not a PostgreSQL URL.
pub fn options(settings: &DatabaseSettings) -> anyhow::Result<PgConnectOptions> {
    let search_path = format!("{},public", settings.schema);
    let statement_timeout = settings.statement_timeout_ms.to_string();
    Ok(PgConnectOptions::from_str(settings.url.expose())?
        .application_name(&format!("relais-{}", settings.schema))
        .options([
            ("search_path", search_path.as_str()),
            ("statement_timeout", &statement_timeout),
            ("idle_in_transaction_session_timeout", "15000"),
        ]))
}
