//! Migrations: a step of its own, run as the schema's owner. The platform's tables first, then the service's.

use std::str::FromStr;

use anyhow::Context;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, migrate::Migrator, postgres::PgConnectOptions};

use super::{Database, setup};
use crate::{
    error::Result,
    settings::{DatabaseSettings, RetentionSettings},
};

static PLATFORM: Migrator = sqlx::migrate!();
/// Several at once wait for each other: PostgreSQL refuses two that grant or revoke on the same table. The lock ends with the
/// connection.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended(current_schema() || '.migrate', 0))";

/// Brings the schema to this program's version. Safe to run again, and at once from several places. A schema that a later version
/// has brought further is left as it is: whoever goes back to the version before finds it working.
///
/// # Errors
/// When `database.owner_url` does not lead to the owner of the schema, or a migration fails.
pub async fn run(settings: &DatabaseSettings, service: &Migrator) -> anyhow::Result<()> {
    let runtime = setup::role_of("database.url", settings.url.expose())?;
    setup::role_of("database.owner_url", settings.owner_url.expose())?;
    let search_path = format!("{},public", settings.schema);
    let options = PgConnectOptions::from_str(settings.owner_url.expose())?
        .options([("search_path", search_path.as_str()), ("relais.runtime_role", &runtime)]);
    let mut owner = options.connect().await.context("connecting as database.owner_url")?;
    owner.execute(LOCK).await?;
    lenient(&PLATFORM).run(&mut owner).await.context("the platform's migrations")?;
    lenient(service).run(&mut owner).await.context("the service's migrations")?;
    // What has been run is not for the runtime role to write.
    let revoke = format!("REVOKE INSERT, UPDATE, DELETE ON _platform_migrations, _migrations FROM {runtime}");
    owner.execute(AssertSqlSafe(revoke.as_str())).await?;
    // Before the first row of a day comes, so that it finds the day's partition.
    match owner.execute("SELECT ensure_partitions(7)").await {
        // lock_not_available: a table is being read, so it has rows, and services that make the partitions by the hour.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => Ok(()),
        made => made.map(|_| ()).map_err(Into::into),
    }
}

impl Database {
    /// Whether all of this program's migrations have been run.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn is_migrated(&self, service: &Migrator) -> Result<bool> {
        let query = sqlx::query_as::<_, (i64, i64)>(
            "SELECT (SELECT count(*) FROM _platform_migrations WHERE success),
                    (SELECT count(*) FROM _migrations WHERE success)",
        );
        match query.fetch_one(self.quiet()).await {
            Ok((platform, own)) => Ok(reached(&PLATFORM, platform) && reached(service, own)),
            // undefined_table: nothing has been run yet.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the partitions of the days ahead, see `migrations/0001_platform.sql`.
    pub(crate) async fn ensure_partitions(&self) -> Result<()> {
        sqlx::query("SELECT ensure_partitions(7)").execute(self.quiet()).await?;
        Ok(())
    }

    /// Removes what is older than it is kept, see `migrations/0007_retention.sql`: partitions dropped, rows deleted.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn remove_aged(&self, kept: &RetentionSettings) -> Result<(i32, i64)> {
        let query = sqlx::query_as("SELECT partitions, rows FROM remove_aged($1, $2, $3, $4)");
        let days = [kept.sent_days, kept.inbox_days, kept.request_key_days, kept.audit_days].map(i32::from);
        let query = days.into_iter().fold(query, |query, days| query.bind(days));
        Ok(query.fetch_one(self.quiet()).await?)
    }
}

/// The same migrations, to which those of a later version are no fault. One of its own that was changed still is.
fn lenient(migrator: &Migrator) -> Migrator {
    let mut lenient = Migrator::with_migrations(migrator.iter().cloned().collect());
    lenient.dangerous_set_table_name(migrator.table_name.clone());
    lenient.set_ignore_missing(true);
    lenient
}

fn reached(migrator: &Migrator, done: i64) -> bool {
    // A later version of the program may have run more: expand and contract keeps this one working.
    done >= i64::try_from(migrator.iter().count()).unwrap_or(i64::MAX)
}
