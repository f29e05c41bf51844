//! The PostgreSQL and RabbitMQ that `./dev` started or was given, and names of our own on them.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result};
use relais_platform::{broker::topology::Topology, settings::DatabaseSettings, settings::Secret};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use url::Url;

/// The services, in the order in which they start.
pub const SERVICES: [&str; 4] = ["referral", "scheduling", "results", "notification"];

/// Where the servers are, and the prefix of all our names on them.
#[derive(Debug, Clone)]
pub struct Servers {
    /// As a role that may make databases and roles.
    pub database_url: Url,
    /// The broker.
    pub amqp_url: String,
    /// First part of the names of databases, roles, exchanges and queues of this run.
    pub prefix: String,
    /// A folder of this run: keys and logs.
    pub state: PathBuf,
    /// Where the programs are.
    pub programs: PathBuf,
}

impl Servers {
    /// What `./dev` has put into the environment.
    ///
    /// # Errors
    /// Outside of `./dev`.
    pub fn from_env() -> Result<Self> {
        let get = |name: &str| {
            std::env::var(name).with_context(|| format!("{name} is not set: run this through ./dev (see ./dev --help)"))
        };
        Ok(Self {
            database_url: get("RELAIS_DEV_DATABASE_URL")?.parse().context("RELAIS_DEV_DATABASE_URL")?,
            amqp_url: get("RELAIS_DEV_AMQP_URL")?,
            prefix: get("RELAIS_DEV_PREFIX")?,
            state: get("RELAIS_DEV_STATE")?.into(),
            programs: get("RELAIS_DEV_BIN")?.into(),
        })
    }

    /// A file for what was measured, beside the programs that were.
    pub fn bench(&self, file: &str) -> PathBuf {
        self.programs.with_file_name("bench").join(file)
    }

    /// A name that nobody else uses in this run.
    pub fn unique(&self, purpose: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("{}_{purpose}_{}_{count}", self.prefix, std::process::id())
    }

    /// Settings of a service's database: its roles are shared by the whole run.
    pub fn database_settings(&self, service: &str, database: &str) -> DatabaseSettings {
        let (owner, runtime) = (format!("{}_{service}_owner", self.prefix), format!("{}_{service}", self.prefix));
        DatabaseSettings {
            url: self.url_as(&runtime, database),
            owner_url: self.url_as(&owner, database),
            admin_url: Secret::new(self.database_url.as_str()),
            schema: service.into(),
            max_connections: 6,
            acquire_timeout_ms: 5_000,
            statement_timeout_ms: 10_000,
        }
    }

    fn url_as(&self, role: &str, database: &str) -> Secret {
        let mut url = self.database_url.clone();
        // The password of a role of this run is the run's own random prefix; none of these setters can fail on a URL with a host.
        let _ = (url.set_username(role), url.set_password(Some(&self.prefix)));
        url.set_path(database);
        Secret::new(url.as_str())
    }

    /// A connection as the administrator.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn admin(&self) -> Result<PgConnection> {
        let options: PgConnectOptions = self.database_url.as_str().parse()?;
        options.connect().await.context("RELAIS_DEV_DATABASE_URL")
    }

    /// Removes a database, whoever is connected.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        let mut admin = self.admin().await?;
        let templates = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1").bind(name);
        if templates.fetch_optional(&mut admin).await? == Some(true) {
            admin.execute(AssertSqlSafe(format!("ALTER DATABASE {name} IS_TEMPLATE false").as_str())).await?;
        }
        admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str())).await?;
        Ok(admin.close().await?)
    }

    /// Removes exchanges and queues of a prefix.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn drop_topology(&self, prefix: &str) -> Result<()> {
        let connection = lapin::Connection::connect(&self.amqp_url, lapin::ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        Topology::new(prefix).delete(&channel).await?;
        Ok(connection.close(200, "done".into()).await?)
    }

    /// Notes a prefix of queues, so that [`Servers::tidy`] finds it even after a crash.
    ///
    /// # Errors
    /// When the run's folder cannot be written.
    pub fn note_topology(&self, prefix: &str) -> Result<()> {
        let folder = self.state.join("topologies");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(prefix), "")?)
    }

    /// Removes everything of this run from the servers: databases, roles, exchanges and queues.
    ///
    /// # Errors
    /// The first thing that could not be removed.
    pub async fn tidy(&self) -> Result<()> {
        if let Ok(noted) = std::fs::read_dir(self.state.join("topologies")) {
            for prefix in noted.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
                self.drop_topology(&prefix).await?;
            }
        }
        let mut admin = self.admin().await?;
        let pattern = format!("{}%", self.prefix.replace('_', "\\_"));
        let databases: Vec<String> = sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE $1")
            .bind(&pattern)
            .fetch_all(&mut admin)
            .await?;
        for name in databases {
            self.drop_database(&name).await?;
        }
        let roles: Vec<String> = sqlx::query_scalar("SELECT rolname FROM pg_roles WHERE rolname LIKE $1")
            .bind(&pattern)
            .fetch_all(&mut admin)
            .await?;
        for name in roles {
            admin.execute(AssertSqlSafe(format!("DROP ROLE {name}").as_str())).await?;
        }
        Ok(admin.close().await?)
    }
}
