//! Set-up: database, schema, the two roles and the extension, as a role that may make them. Safe to run again.
//!
//! The names come out of the URLs of the settings: `database.url` names database and runtime role, `database.owner_url` the
//! owner. `database.admin_url` must belong to a superuser, or to a role with CREATEDB and CREATEROLE that owns the
//! database.

use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, postgres::PgConnectOptions};
use url::Url;

use crate::settings::DatabaseSettings;

/// Set-up of several services at once would trip over each other's roles and extension.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('relais.setup', 0))";

struct Role {
    name: String,
    password: String,
}

/// Makes what is missing.
///
/// # Errors
/// When a URL is missing, a name is not a plain identifier, or the administrator may not do this.
pub async fn run(settings: &DatabaseSettings) -> anyhow::Result<()> {
    let (runtime, database) = parts("database.url", settings.url.expose())?;
    let (owner, owners) = parts("database.owner_url", settings.owner_url.expose())?;
    ensure!(database == owners, "database.url and database.owner_url name two databases");
    ensure!(owner.name != runtime.name, "owner and runtime must be two roles");
    plain(&settings.schema)?;
    let admin = PgConnectOptions::from_str(settings.admin_url.expose()).context("database.admin_url")?;

    let mut server = admin.connect().await.context("connecting as database.admin_url")?;
    server.execute(LOCK).await?;
    ensure_role(&mut server, &owner).await?;
    ensure_role(&mut server, &runtime).await?;
    ensure_database(&mut server, &database).await?;
    let mut inside = admin.clone().database(&database).connect().await?;
    for statement in inside_statements(&settings.schema, &database, &owner.name, &runtime.name) {
        inside.execute(AssertSqlSafe(statement.as_str())).await.with_context(|| statement.clone())?;
    }
    Ok(())
}

fn inside_statements(schema: &str, database: &str, owner: &str, runtime: &str) -> Vec<String> {
    vec![
        "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public".into(),
        format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE {database} TO {owner}, {runtime}"),
        // An administrator who is no superuser must be a member of the owner to make a schema for it.
        format!("GRANT {owner} TO CURRENT_USER"),
        format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {runtime}"),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime}"
        ),
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {runtime}"),
    ]
}

async fn ensure_role(server: &mut PgConnection, role: &Role) -> anyhow::Result<()> {
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1")
        .bind(&role.name)
        .fetch_optional(&mut *server)
        .await?;
    let verb = if known.is_some() { "ALTER" } else { "CREATE" };
    let password = role.password.replace('\'', "''");
    let statement = format!("{verb} ROLE {} LOGIN PASSWORD '{password}'", role.name);
    // The statement holds the password: it is left out of the error.
    let done = server.execute(AssertSqlSafe(statement.as_str())).await;
    done.with_context(|| format!("{verb} ROLE {}", role.name))?;
    Ok(())
}

async fn ensure_database(server: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&mut *server)
        .await?;
    if known.is_none() {
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}").as_str())).await?;
    }
    Ok(())
}

fn parts(setting: &str, url: &str) -> anyhow::Result<(Role, String)> {
    if url.is_empty() {
        bail!("{setting} is not set");
    }
    let url = Url::parse(url).with_context(|| format!("{setting} is not a URL"))?;
    let database = url.path().trim_start_matches('/').to_string();
    let name = plain(url.username()).with_context(|| format!("{setting}: user"))?.to_string();
    plain(&database).with_context(|| format!("{setting}: database"))?;
    let password = url.password().unwrap_or_default();
    // Drivers decode what is percent-encoded: one spelling alone keeps both ends alike.
    ensure!(!password.contains('%'), "{setting}: use a password of characters that a URL needs not encode");
    Ok((Role { name, password: password.to_string() }, database))
}

/// The name of the role in a URL.
pub(super) fn role_of(setting: &str, url: &str) -> anyhow::Result<String> {
    Ok(parts(setting, url)?.0.name)
}

/// Names go into DDL, where nothing can be bound: plain ones alone are taken.
fn plain(name: &str) -> anyhow::Result<&str> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    ensure!(first && rest && name.len() <= 63, "\"{name}\" must be 1 to 63 of a-z, 0-9 and _, a letter first");
    Ok(name)
}
