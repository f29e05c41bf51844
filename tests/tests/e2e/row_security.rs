//! Row level security: the database shows an organisation its own rows, whatever a query forgets to ask.

mod filled;
mod whose;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use relais_tests::{Options, SERVICES, Suite, partnership::Partners};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

/// Tables that hold no person's data, or that only workers read: the platform's, the directory and the agreements. A table
/// that is not named here must be under row level security.
const OPEN: &[&str] = &[
    "_migrations",
    "_platform_migrations",
    "audit",
    "audit_seal",
    "audit_unsealed",
    "clock",
    "consumed_version",
    "idempotency_key",
    "inbox",
    "outbox",
    "outbox_sent",
    "parked",
    "retry",
    "timer",
    "referral.convention",
    "referral.convention_claim",
    "referral.convention_line",
    "referral.convention_party",
    "referral.convention_past",
    "referral.convention_period",
    "referral.convention_service",
    "referral.convention_signature",
    "referral.convention_site",
    "referral.convention_terms",
    "referral.meter_freed",
    "referral.contact",
    "referral.organisation",
    "referral.organisation_identifier",
    "referral.organisation_key",
    "referral.practitioner",
    "referral.practitioner_registration",
    "referral.redemption_window",
    "referral.site",
    "referral.site_version",
    "referral.unit",
    // Times of sites, and which seats are taken: whose an appointment is, its own row says.
    "scheduling.closure",
    "scheduling.opening_rule",
    "scheduling.opening_rule_service",
    "scheduling.opening_rule_version",
    "scheduling.seat",
    "scheduling.seat_claim",
    "scheduling.site",
    "scheduling.slot",
    "results.organisation_key",
    "results.release_due",
    "results.site",
    "audit_rest",
    "inbox_rest",
    "outbox_sent_rest",
    "audit_YYYYMMDD",
    "inbox_YYYYMMDD",
    "outbox_sent_YYYYMMDD",
];

/// Tables of a schema under forced row level security, and those that should be and are not.
async fn walls(suite: &Suite, service: &str) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let mut owner = suite.owner(service).await?;
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "SELECT regexp_replace(c.relname, '_[0-9]{8}$', '_YYYYMMDD'), c.relrowsecurity AND c.relforcerowsecurity
         FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')",
    )
    .fetch_all(&mut owner)
    .await?;
    let views = "SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')
                 AND NOT COALESCE(c.reloptions @> ARRAY['security_invoker=true'], false)";
    let looking_past: i64 = sqlx::query_scalar(views).fetch_one(&mut owner).await?;
    ensure!(looking_past == 0, "{service}: views see with their owner's eyes");
    owner.close().await?;
    let (walled, others): (Vec<_>, Vec<_>) = tables.into_iter().partition(|(_, walled)| *walled);
    let open = |table: &str| OPEN.contains(&table) || OPEN.contains(&format!("{service}.{table}").as_str());
    let names = |tables: Vec<(String, bool)>| tables.into_iter().map(|(name, _)| name);
    Ok((names(walled).collect(), names(others).filter(|table| !open(table)).collect()))
}

/// How many rows of a table a runtime role sees with these settings.
async fn seen(runtime: &mut PgConnection, table: &str, settings: &str) -> Result<i64> {
    let mut transaction = runtime.begin().await?;
    transaction.execute(AssertSqlSafe(settings.to_string())).await?;
    let counting = format!("SELECT count(*) FROM {table}");
    let count = sqlx::query_scalar(AssertSqlSafe(counting)).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok(count)
}

fn for_organisation(organisation: impl std::fmt::Display) -> String {
    format!("SELECT set_config('app.organisation', '{organisation}', true)")
}

/// A connection as the service has it.
async fn runtime(suite: &Suite, service: &str) -> Result<PgConnection> {
    let settings = suite.servers.database_settings(service, &suite.name);
    Ok(PgConnection::connect(settings.url.expose()).await?)
}

/// What is wrong with whom a table shows its rows, if it has any: to each organisation there is its own and no more, to nobody
/// nothing.
async fn fault(
    suite: &Suite,
    runtime: &mut PgConnection,
    table: &str,
    organisations: &[String],
) -> Result<Option<String>> {
    for nobody in
        ["SELECT 1".into(), for_organisation(""), for_organisation(Uuid::now_v7()), for_organisation(Uuid::nil())]
    {
        let count = seen(runtime, table, &nobody).await?;
        if count != 0 {
            return Ok(Some(format!("{table} shows {count} rows after {nobody}")));
        }
    }
    let mut owner = suite.owner(table.split('.').next().unwrap_or_default()).await?;
    for organisation in organisations {
        let theirs = whose::counting(table, organisation)?;
        let mut expected: i64 = sqlx::query_scalar(AssertSqlSafe(theirs.clone())).fetch_one(&mut owner).await?;
        loop {
            let count = seen(runtime, table, &for_organisation(organisation)).await?;
            let after: i64 = sqlx::query_scalar(AssertSqlSafe(theirs.clone())).fetch_one(&mut owner).await?;
            // The services go on meanwhile, and write.
            if after == expected && count != expected {
                return Ok(Some(format!("{table} shows {organisation} {count} rows; {expected} are its own")));
            } else if after == expected {
                break;
            }
            expected = after;
        }
    }
    owner.close().await?;
    Ok(None)
}

/// Holds every walled table that has rows against whose they are, as it is and with the planted bug: a policy that lets everybody
/// in. Says which tables had rows.
async fn hold_up(suite: &Suite) -> Result<BTreeSet<String>> {
    let mut directory = suite.owner("referral").await?;
    let organisations: Vec<String> =
        sqlx::query_scalar("SELECT id::text FROM organisation").fetch_all(&mut directory).await?;
    directory.close().await?;
    let mut filled = BTreeSet::new();
    for service in SERVICES {
        let (walled, missing) = walls(suite, service).await?;
        ensure!(missing.is_empty(), "{service}: without row level security: {missing:?}");
        let (mut runtime, mut owner) = (runtime(suite, service).await?, suite.owner(service).await?);
        let bypass = "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user";
        let bypass: bool = sqlx::query_scalar(bypass).fetch_one(&mut runtime).await?;
        ensure!(!bypass, "{service}: its runtime role passes by all policies");
        for table in walled.iter().map(|table| format!("{service}.{table}")) {
            let rows = seen(&mut runtime, &table, "SELECT set_config('app.system', 'on', true)").await?;
            let found = fault(suite, &mut runtime, &table, &organisations).await?;
            ensure!(found.is_none(), "{found:?}");
            if rows > 0 {
                let plant = format!("CREATE POLICY planted ON {table} FOR SELECT USING (true)");
                owner.execute(AssertSqlSafe(plant)).await?;
                let found = fault(suite, &mut runtime, &table, &organisations).await?;
                ensure!(found.is_some(), "{table}: that it lets everybody in is not found");
                owner.execute(AssertSqlSafe(format!("DROP POLICY planted ON {table}"))).await?;
                filled.insert(table);
            }
        }
        runtime.close().await?;
        owner.close().await?;
    }
    Ok(filled)
}

#[tokio::test]
async fn every_table_of_people_shows_each_organisation_its_own_rows_and_a_policy_for_everybody_is_found() -> Result<()>
{
    let (asked, _mail) = filled::as_the_matrix_asks().await?;
    let mut had_rows = hold_up(&asked).await?;
    let mut all = BTreeSet::new();
    for service in SERVICES {
        all.extend(walls(&asked, service).await?.0.into_iter().map(|table| format!("{service}.{table}")));
    }
    asked.stop().await?;
    let (told, _mail) = filled::as_the_story_goes().await?;
    had_rows.extend(hold_up(&told).await?);
    told.stop().await?;
    let empty: Vec<_> = all.difference(&had_rows).collect();
    ensure!(empty.is_empty(), "tables without rows prove nothing: {empty:?}");
    Ok(())
}

/// The planted bug: a policy is off on one table, whichever. The walls test finds each.
#[tokio::test]
async fn a_table_without_its_policy_is_found() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    for service in SERVICES {
        let (walled, _) = walls(&suite, service).await?;
        assert!(walled.len() >= 2, "{service}: {walled:?}");
        for table in &walled {
            for off in ["NO FORCE", "DISABLE"] {
                let mut owner = suite.owner(service).await?;
                owner.execute(AssertSqlSafe(format!("ALTER TABLE {table} {off} ROW LEVEL SECURITY"))).await?;
                assert_eq!(walls(&suite, service).await?.1, BTreeSet::from([table.clone()]), "{off}");
                let on = format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
                owner.execute(AssertSqlSafe(on)).await?;
                owner.close().await?;
            }
        }
    }
    suite.stop().await
}

/// The code with which the database refuses a statement of an organisation's.
async fn refusal(runtime: &mut PgConnection, organisation: &str, statement: &str) -> Result<Option<String>> {
    let mut transaction = runtime.begin().await?;
    transaction.execute(AssertSqlSafe(for_organisation(organisation))).await?;
    let done = transaction.execute(AssertSqlSafe(statement.to_string())).await;
    transaction.rollback().await?;
    Ok(done.err().and_then(|error| Some(error.as_database_error()?.code()?.to_string())))
}

/// A caller writes nothing into the name of another organisation, whatever a statement says.
#[tokio::test]
async fn nobody_writes_in_anothers_name() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let referral = partners.submit(partners.request()).await?;
    let mut runtime = runtime(&suite, "referral").await?;
    let id = referral.name.trim_start_matches("referrals/");
    let uuid = |name: &str| name.trim_start_matches("organisations/").to_string();
    let (sender, provider) = (uuid(&partners.sender.organisation), uuid(partners.provider()));
    let stranger = Uuid::now_v7().to_string();
    let statements = [
        (
            &provider,
            format!("patient (id, organisation_id, create_time) VALUES (gen_random_uuid(), '{sender}', now())"),
        ),
        (
            &provider,
            format!(
                "referral_party (referral_id, referrer_id, organisation_id, capacity, create_time)
                 VALUES ('{id}', '{sender}', '{provider}', 'coordinator', now())"
            ),
        ),
        (
            &stranger,
            format!(
                "referral_transition (referral_id, version, state, at, actor) VALUES ('{id}', 2, 'cancelled', now(), '')"
            ),
        ),
        (
            &provider,
            format!(
                "referral_appointment (referral_id, appointment_id, state) VALUES ('{id}', gen_random_uuid(), 'proposed')"
            ),
        ),
    ];
    for (who, values) in statements {
        let statement = format!("INSERT INTO referral.{values}");
        assert_eq!(refusal(&mut runtime, who, &statement).await?.as_deref(), Some("42501"), "{statement}");
    }
    let mut transaction = runtime.begin().await?;
    transaction.execute(AssertSqlSafe(for_organisation(&stranger))).await?;
    let changed = transaction.execute("UPDATE referral.referral SET state = 'cancelled'").await?;
    assert_eq!(changed.rows_affected(), 0, "a stranger changed a referral");
    transaction.rollback().await?;
    runtime.close().await?;
    suite.stop().await
}
