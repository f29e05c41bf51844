//! Row level security: the database shows an organisation its own rows, whatever a query forgets to ask.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use relais_tests::{Options, SERVICES, Suite, eventually, partnership::Partners};
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
    "referral.convention_line",
    "referral.convention_party",
    "referral.convention_service",
    "referral.convention_signature",
    "referral.convention_site",
    "referral.convention_terms",
    "referral.contact",
    "referral.organisation",
    "referral.organisation_identifier",
    "referral.organisation_key",
    "referral.practitioner",
    "referral.practitioner_registration",
    "referral.redemption_window",
    "referral.site",
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

#[tokio::test]
async fn every_table_of_people_is_walled_and_shows_its_parties_their_rows_alone() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    partners.submit(partners.request()).await?;
    for service in SERVICES {
        let (walled, missing) = walls(&suite, service).await?;
        assert!(missing.is_empty(), "{service}: without row level security: {missing:?}");
        let settings = suite.servers.database_settings(service, &suite.name);
        let mut runtime = PgConnection::connect(settings.url.expose()).await?;
        let bypass: bool =
            sqlx::query_scalar("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user")
                .fetch_one(&mut runtime)
                .await?;
        assert!(!bypass, "{service}: its runtime role passes by all policies");
        for table in walled.iter().map(|table| format!("{service}.{table}")) {
            let all = || async {
                let mut runtime = PgConnection::connect(settings.url.expose()).await?;
                let rows = seen(&mut runtime, &table, "SELECT set_config('app.system', 'on', true)").await?;
                Ok((rows > 0).then_some(rows))
            };
            // Tables that this short partnership does not fill show nothing to anybody.
            let filled = [
                "patient",
                "referral",
                "referral_party",
                "referral_transition",
                "appointment",
                "service_order",
                "message",
            ];
            if filled.iter().any(|name| table.ends_with(&format!(".{name}"))) {
                let rows = eventually(&format!("{table} has rows"), all).await?;
                let own =
                    seen(&mut runtime, &table, &for_organisation(suite_provider_or_sender(&partners, &table))).await?;
                assert!((1..=rows).contains(&own), "{table}: a party sees {own} of {rows}");
            }
            for nobody in [
                "SELECT 1".into(),
                for_organisation(""),
                for_organisation(Uuid::now_v7()),
                for_organisation(Uuid::nil()),
            ] {
                assert_eq!(seen(&mut runtime, &table, &nobody).await?, 0, "{table} after {nobody}");
            }
        }
        runtime.close().await?;
    }
    suite.stop().await
}

/// Messages are in the provider's inbox; all else is the sender's, too.
fn suite_provider_or_sender(partners: &Partners, table: &str) -> String {
    let name = if table.ends_with("message") { partners.provider() } else { &partners.sender.organisation };
    name.trim_start_matches("organisations/").into()
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
    let settings = suite.servers.database_settings("referral", &suite.name);
    let mut runtime = PgConnection::connect(settings.url.expose()).await?;
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
