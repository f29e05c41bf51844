//! A schema and two roles for each service: a runtime role reads no other schema and makes no table.

use anyhow::Result;
use relais_tests::{Options, SERVICES, Suite};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

async fn code(connection: &mut PgConnection, statement: String) -> Option<String> {
    let done = sqlx::query(AssertSqlSafe(statement)).execute(connection).await;
    done.err().and_then(|error| error.as_database_error()?.code().map(|code| code.to_string()))
}

#[tokio::test]
async fn a_runtime_role_reads_no_other_schema_and_makes_nothing() -> Result<()> {
    const DENIED: Option<&str> = Some("42501");
    let suite = Suite::prepare(Options::default()).await?;
    for service in SERVICES {
        let settings = suite.servers.database_settings(service, &suite.name);
        let mut runtime = PgConnection::connect(settings.url.expose()).await?;
        assert_eq!(code(&mut runtime, format!("SELECT count(*) FROM {service}.outbox")).await, None);
        for other in SERVICES.iter().filter(|other| **other != service) {
            for table in ["outbox", "audit", "consumed_version", "_migrations"] {
                let read = format!("SELECT count(*) FROM {other}.{table}");
                assert_eq!(code(&mut runtime, read.clone()).await.as_deref(), DENIED, "{service}: {read}");
            }
        }
        for statement in [
            format!("CREATE TABLE {service}.mine (id int)"),
            "CREATE TABLE public.mine (id int)".into(),
            format!("ALTER TABLE {service}.outbox ADD COLUMN mine int"),
            format!("DROP TABLE {service}.outbox"),
            format!("UPDATE {service}.audit SET caller = ''"),
            format!("DELETE FROM {service}.audit"),
            format!("TRUNCATE {service}.audit"),
            format!("DELETE FROM {service}._migrations"),
            "CREATE SCHEMA mine".into(),
        ] {
            assert_eq!(code(&mut runtime, statement.clone()).await.as_deref(), DENIED, "{service}: {statement}");
        }
        // Partitions are made by a function of the owner, and are as closed as their table.
        assert_eq!(code(&mut runtime, format!("SELECT {service}.ensure_partitions(1)")).await, None);
        let today = relais_platform::clock::machine_now().format("%Y%m%d");
        let erase = format!("DELETE FROM {service}.audit_{today}");
        assert_eq!(code(&mut runtime, erase.clone()).await.as_deref(), DENIED, "{service}: {erase}");
        runtime.close().await?;
    }
    suite.stop().await
}

#[tokio::test]
async fn set_up_and_migrations_may_be_run_again_and_at_once() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    for step in ["setup", "migrate"] {
        let runs = SERVICES
            .iter()
            .flat_map(|service| [service, service])
            .map(|service| suite.command(service).arg(step).output());
        for output in futures::future::try_join_all(runs).await? {
            assert!(output.status.success(), "{step}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    suite.stop().await
}
