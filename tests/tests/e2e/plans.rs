//! Every statement finds its rows by an index, through the policies: costs do not grow with what is kept.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use relais_tests::{Options, SERVICES, Suite, bench::rows::insert_kept};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

/// Statements that read a whole table by design, by a part of their text.
const WHOLE: &[&str] = &[];

/// The statements of a service, as they were checked when it was compiled, with how many parameters each takes.
fn statements(service: &str) -> Result<Vec<(String, usize)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services").join(service).join(".sqlx");
    let files = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    ensure!(!files.is_empty(), "no statements in {}", folder.display());
    let read = |file: &PathBuf| -> Result<(String, usize)> {
        let told: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let parameters = told["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
        Ok((told["query"].as_str().context("no query")?.into(), parameters))
    };
    files.iter().map(read).collect()
}

/// Tables under row level security: those that grow with what is kept.
async fn walled(suite: &Suite, service: &str) -> Result<BTreeSet<String>> {
    let mut owner = suite.owner(service).await?;
    let asking = "SELECT relname::text FROM pg_class
                  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relrowsecurity";
    let tables: Vec<String> = sqlx::query_scalar(asking).fetch_all(&mut owner).await?;
    owner.close().await?;
    Ok(tables.into_iter().collect())
}

/// How a statement is planned for whatever values, by a role under the policies.
async fn plan(runtime: &mut PgConnection, statement: &str, parameters: usize) -> Result<String> {
    let nulls = vec!["NULL"; parameters].join(", ");
    let arguments = if parameters == 0 { String::new() } else { format!("({nulls})") };
    runtime.execute(AssertSqlSafe(format!("PREPARE looked_at AS {statement}"))).await?;
    let explain = format!("EXPLAIN EXECUTE looked_at{arguments}");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *runtime).await?;
    runtime.execute("DEALLOCATE looked_at").await?;
    Ok(lines.join("\n"))
}

async fn runtime(suite: &Suite, service: &str) -> Result<PgConnection> {
    let settings = suite.servers.database_settings(service, &suite.name);
    let mut runtime = PgConnection::connect(settings.url.expose()).await?;
    let organisation = Uuid::now_v7();
    for setting in [
        format!("SET search_path = {service}, public"),
        format!("SET app.organisation = '{organisation}'"),
        "SET plan_cache_mode = force_generic_plan".into(),
        // Small tables are scanned however they are indexed: so only where nothing else can be done.
        "SET enable_seqscan = off".into(),
    ] {
        runtime.execute(AssertSqlSafe(setting)).await?;
    }
    Ok(runtime)
}

#[tokio::test]
async fn every_statement_finds_people_by_an_index() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let mut scans = Vec::new();
    for service in SERVICES {
        let (walled, mut runtime) = (walled(&suite, service).await?, runtime(&suite, service).await?);
        for (statement, parameters) in statements(service)? {
            let plan = plan(&mut runtime, &statement, parameters).await.with_context(|| statement.clone())?;
            let scanned = walled.iter().filter(|table| plan.lines().any(|line| scans_whole(line, table)));
            let by_design = WHOLE.iter().any(|part| statement.contains(part));
            scans.extend(scanned.filter(|_| !by_design).map(|table| format!("{service}.{table}: {statement}\n{plan}")));
        }
        runtime.close().await?;
    }
    assert!(scans.is_empty(), "{}", scans.join("\n\n"));
    suite.stop().await
}

fn scans_whole(line: &str, table: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().skip_while(|word| *word != "Seq").collect();
    matches!(words.as_slice(), ["Seq", "Scan", "on", name, ..] if *name == table)
}

/// The check itself: without its index, a statement is found.
#[tokio::test]
async fn a_missing_index_is_found() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let mut owner = suite.owner("scheduling").await?;
    let listing = "SELECT id FROM appointment WHERE referral_id = $1 ORDER BY create_time";
    let mut runtime = runtime(&suite, "scheduling").await?;
    let found = plan(&mut runtime, listing, 1).await?;
    assert!(!found.lines().any(|line| scans_whole(line, "appointment")), "{found}");
    owner.execute("DROP INDEX appointment_referral, appointment_open").await?;
    let lost = plan(&mut runtime, listing, 1).await?;
    assert!(lost.lines().any(|line| scans_whole(line, "appointment")), "{lost}");
    owner.close().await?;
    runtime.close().await?;
    suite.stop().await
}

/// However many referrals an organisation has, a page of them ends when it is full: they come in order, and nobody sorts them all.
#[tokio::test]
async fn a_page_ends_when_it_is_full() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let options: PgConnectOptions = suite.servers.database_url.as_str().parse()?;
    let mut administrator = options.database(&suite.name).connect().await?;
    for statement in ["SET session_replication_role = replica", &insert_kept(0, 39_999), "ANALYZE"] {
        administrator.execute(AssertSqlSafe(statement.to_string())).await?;
    }
    let of = "SELECT referrer_id FROM referral.referral LIMIT 1";
    let organisation: Uuid = sqlx::query_scalar(of).fetch_one(&mut administrator).await?;
    administrator.close().await?;
    let settings = suite.servers.database_settings("referral", &suite.name);
    let mut runtime = PgConnection::connect(settings.url.expose()).await?;
    runtime.execute(AssertSqlSafe(format!("SET app.organisation = '{organisation}'"))).await?;
    runtime.execute("SET search_path = referral, public").await?;
    let asked = format!(
        "('{organisation}', NULL, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 5, '{{referrer,provider}}'"
    );
    for (of, more) in
        [("referral_party WHERE organisation_id", ")"), ("referral_party p JOIN referral r", ", '{submitted}')")]
    {
        let found = statements("referral")?.into_iter().find(|(text, _)| {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            line.contains(of) && line.contains("DISTINCT ON")
        });
        let (text, _) = found.with_context(|| format!("no statement reads {of}"))?;
        runtime.execute(AssertSqlSafe(format!("PREPARE page AS {text}"))).await?;
        let explain = format!("EXPLAIN EXECUTE page{asked}{more}");
        let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut runtime).await?;
        runtime.execute("DEALLOCATE page").await?;
        ensure!(!lines.iter().any(|line| line.contains("Sort")), "{}", lines.join("\n"));
    }
    runtime.close().await?;
    suite.stop().await
}
