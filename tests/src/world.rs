//! A world for one service's tests: a database of its own from a template, queues of its own, tokens of its own.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use relais_platform::{
    Service,
    bootstrap::{self, Running},
    database::{migrate, setup},
    events::{Event, aggregate_kind},
    settings::Settings,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::{Identity, Issuer, MASTER_KEY, Servers, ServiceKeys, Session, Tap, eventually};

/// One service in this process, with all that is real around it.
pub struct World<S> {
    /// The servers.
    pub servers: Servers,
    /// The service's settings.
    pub settings: Settings,
    /// The service.
    pub running: Running,
    /// A view on its database as the owner of the schema and with a worker's sight, for what no API tells.
    pub database: PgPool,
    /// A tap on its exchange.
    pub tap: Tap,
    /// The keys by which services sign.
    pub service_keys: ServiceKeys,
    issuer: Issuer,
    channel: Channel,
    name: String,
    service: std::marker::PhantomData<S>,
}

impl<S: Service> World<S> {
    /// A world, its service serving.
    ///
    /// # Errors
    /// Outside of `./dev`, or when a part does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// As [`World::start`], with settings by their name in the environment.
    ///
    /// # Errors
    /// As there.
    pub async fn start_with(overrides: &[(&str, &str)]) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let servers = Servers::from_env()?;
        let name = servers.unique("t");
        let issuer = Issuer::open(&servers.state.join(&name))?;
        let service_keys = ServiceKeys::open(&servers.state.join(&name))?;
        make_database::<S>(&servers, &name).await?;
        servers.note_topology(&name)?;
        let tap = Tap::new(&servers.amqp_url, &name).await?;
        let settings = settings::<S>(&servers, &name, (&issuer, &service_keys), overrides)?;
        let running = serve::<S>(&settings).await?;
        let channel = Endpoint::from_shared(format!("http://{}", running.address))?.connect_lazy();
        let owner: PgConnectOptions = settings.database.owner_url.expose().parse()?;
        let database = PgPool::connect_with(owner.options([("search_path", S::NAME), ("app.system", "on")])).await?;
        let service = std::marker::PhantomData;
        let world = Self { servers, settings, running, database, tap, service_keys, issuer, channel, name, service };
        world.until_serving().await?;
        Ok(world)
    }

    /// Somebody at the service.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn session(&self, identity: &Identity) -> Result<Session> {
        Session::new(self.channel.clone(), &self.issuer.token(identity)?)
    }

    /// Somebody with a token of the test's making.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn session_with(&self, token: &str) -> Result<Session> {
        Session::new(self.channel.clone(), token)
    }

    /// The issuer of this world.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The service's channel, for callers without a token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A connection as an administrator whom no trigger holds up: who would change what is kept.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn intruder(&self) -> Result<PgConnection> {
        let admin: PgConnectOptions = self.servers.database_url.as_str().parse()?;
        let options = [("search_path", S::NAME), ("session_replication_role", "replica")];
        Ok(PgConnection::connect_with(&admin.database(&self.name).options(options)).await?)
    }

    /// A number out of the database.
    ///
    /// # Errors
    /// When the query is wrong.
    pub async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.database).await?)
    }

    /// Waits until a query counts `expected`.
    ///
    /// # Errors
    /// When it does not.
    pub async fn until_count(&self, sql: &'static str, expected: i64) -> Result<()> {
        let counted = || async { Ok((self.count(sql).await? == expected).then_some(())) };
        eventually(&format!("{sql} is {expected}"), counted).await
    }

    /// Another instance of the service, on the same database and queues.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn another(&self) -> Result<Running> {
        serve::<S>(&self.settings).await
    }

    /// Stops the service, has `work` done on its database, and starts it again.
    ///
    /// # Errors
    /// When the work fails, or the service does not start.
    pub async fn while_stopped(mut self, work: impl AsyncFnOnce(&PgPool) -> Result<()>) -> Result<Self> {
        self.running.stop::<S>().await;
        work(&self.database).await?;
        self.running = serve::<S>(&self.settings).await?;
        self.channel = Endpoint::from_shared(format!("http://{}", self.running.address))?.connect_lazy();
        self.until_serving().await?;
        Ok(self)
    }

    /// Waits until a query counts `expected`, for a short while: whether it did.
    ///
    /// # Errors
    /// When the query is wrong.
    pub async fn counts(&self, sql: &'static str, expected: i64, within: Duration) -> Result<bool> {
        let until = Instant::now() + within;
        while self.count(sql).await? != expected {
            if Instant::now() > until {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(true)
    }

    /// Commits an event to the outbox that no use case emitted.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn commit_event(&self, aggregate: Uuid, version: i64, event: impl Into<Event>) -> Result<Uuid> {
        let mut transaction = self.database.begin().await?;
        let id = insert_event(&mut transaction, aggregate, version, event).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Ends the world, whatever is left undone: for what is to break.
    ///
    /// # Errors
    /// When its database or queues cannot be removed.
    pub async fn abandon(self) -> Result<()> {
        self.running.stop::<S>().await;
        self.database.close().await;
        self.servers.drop_topology(&self.name).await?;
        self.servers.drop_database(&self.name).await
    }

    /// Ends the world; fails when events or messages were left undone.
    ///
    /// # Errors
    /// Saying what is left.
    pub async fn end(self) -> Result<()> {
        self.until_count("SELECT count(*) FROM outbox", 0).await?;
        let left = self.count("SELECT count(*) FROM retry").await?;
        ensure!(left == 0, "{left} messages are left in retry");
        self.running.stop::<S>().await;
        self.database.close().await;
        self.servers.drop_topology(&self.name).await?;
        self.servers.drop_database(&self.name).await
    }

    /// Waits until the service serves, with the broker at hand.
    ///
    /// # Errors
    /// When it does not.
    pub async fn until_serving(&self) -> Result<()> {
        use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
        eventually("the service serves", || async {
            let mut both = [false, false];
            for (up, service) in both.iter_mut().zip(["", relais_platform::grpc::health::BROKER]) {
                let request = HealthCheckRequest { service: service.into() };
                let answer = HealthClient::new(self.channel.clone()).check(request).await?;
                *up = answer.into_inner().status() == ServingStatus::Serving;
            }
            Ok((both == [true, true]).then_some(()))
        })
        .await
    }
}

/// Inserts an event into the outbox of a transaction that the caller commits, and tells its id.
///
/// # Errors
/// When the database refuses it.
pub async fn insert_event(
    transaction: &mut PgConnection,
    aggregate: Uuid,
    version: i64,
    event: impl Into<Event>,
) -> Result<Uuid> {
    let (event, id) = (event.into(), Uuid::now_v7());
    sqlx::query(
        "INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload)
         VALUES ($1, $2, $3, $4, $5, now(), $6)",
    )
    .bind(id)
    .bind(event.type_name())
    .bind(aggregate_kind(event.type_name()))
    .bind(aggregate)
    .bind(version)
    .bind(event.encode())
    .execute(transaction)
    .await?;
    Ok(id)
}

fn settings<S: Service>(
    servers: &Servers,
    name: &str,
    (issuer, service_keys): (&Issuer, &ServiceKeys),
    overrides: &[(&str, &str)],
) -> Result<Settings> {
    let mut pairs = vec![
        ("RELAIS__ENVIRONMENT", "development".to_string()),
        ("RELAIS__SERVER__ADDRESS", "127.0.0.1:0".to_string()),
        ("RELAIS__BROKER__URL", servers.amqp_url.clone()),
        ("RELAIS__BROKER__PREFIX", name.to_string()),
        ("RELAIS__BROKER__POLL_MS", "100".to_string()),
        ("RELAIS__CONSUMER__POLL_MS", "100".to_string()),
        ("RELAIS__CONSUMER__RETRY_FIRST_MS", "50".to_string()),
        ("RELAIS__AUTH__ISSUER", Issuer::NAME.to_string()),
        ("RELAIS__AUTH__JWKS_FILE", issuer.jwks().display().to_string()),
        ("RELAIS__AUTH__JWKS_REFETCH_MS", "1000".to_string()),
        ("RELAIS__AUTH__SERVICE_KEY_FILE", service_keys.file(S::NAME).display().to_string()),
        ("RELAIS__AUTH__SERVICES_JWKS_FILE", service_keys.jwks().display().to_string()),
        ("RELAIS__AUTH__TOKEN_KEY", "a key of thirty-two characters, no less".to_string()),
        ("RELAIS__VAULT__MASTER_KEYS", MASTER_KEY.to_string()),
    ];
    pairs.extend(overrides.iter().map(|(key, value)| (*key, (*value).to_string())));
    let mut settings = Settings::load_with(S::DEFAULTS, &pairs)?;
    let connections = overrides.iter().any(|(key, _)| *key == "RELAIS__DATABASE__MAX_CONNECTIONS");
    let wanted = settings.database.max_connections;
    settings.database = servers.database_settings(S::NAME, name);
    if connections {
        settings.database.max_connections = wanted;
    }
    Ok(settings)
}

/// Starts the service as a task of its own: its frames shall not lie on the stack on top of the test's.
async fn serve<S: Service>(settings: &Settings) -> Result<Running> {
    tokio::spawn(bootstrap::start::<S>(settings.clone())).await?
}

/// A copy of the service's template; the first to come makes the template.
async fn make_database<S: Service>(servers: &Servers, name: &str) -> Result<()> {
    let template = format!("{}_template_{}", servers.prefix, S::NAME);
    let mut admin = servers.admin().await?;
    let lock = format!("SELECT pg_advisory_lock(hashtextextended('{template}', 0))");
    admin.execute(AssertSqlSafe(lock.as_str())).await?;
    if !is_template(&mut admin, &template).await? {
        let settings = servers.database_settings(S::NAME, &template);
        setup::run(&settings).await.context("set-up")?;
        migrate::run(&settings, S::migrator()).await.context("migrations")?;
        let mark = format!("ALTER DATABASE {template} IS_TEMPLATE true");
        admin.execute(AssertSqlSafe(mark.as_str())).await?;
    }
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
    admin.execute(AssertSqlSafe(copy.as_str())).await?;
    Ok(admin.close().await?)
}

async fn is_template(admin: &mut PgConnection, name: &str) -> Result<bool> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)");
    Ok(query.bind(name).fetch_one(admin).await?)
}
