//! What operators go by, held against what there is: no alert without advice, no panel without a metric.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, Result};
use chrono::Days;
use relais_platform::broker::envelope::Envelope;
use relais_proto::events::v1::ReferralSubmitted;
use relais_tests::{
    Collector, Identity, Options, Suite, Tap, date, eventually, message, partnership::Partners, settled,
};
use uuid::Uuid;

fn read(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

#[test]
fn every_alert_says_what_to_do() -> Result<()> {
    let (rules, tests) = (read("deploy/prometheus/rules.yml")?, read("deploy/prometheus/rules.test.yml")?);
    let advice = read("docs/operations.md")?;
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in &alerts {
        assert!(advice.contains(&format!("### {alert}\n")), "docs/operations.md does not say what to do at {alert}");
        // Firing, by its labels, and silent when all is well.
        let fires = [format!("alertname=\"{alert}\""), format!("- alertname: {alert}\n")];
        assert!(fires.iter().any(|case| tests.contains(case)), "nobody tests that {alert} fires");
        let quiet = tests
            .lines()
            .any(|line| line.contains(&format!("{{alertname: {alert},")) && line.ends_with("exp_alerts: []}"));
        assert!(quiet, "nobody tests that {alert} is silent");
        // Whoever is woken is told where to read.
        let rule = rules.split("- alert: ").find(|rule| rule.starts_with(&format!("{alert}\n"))).unwrap_or_default();
        let anchor = format!("runbook: docs/operations.md#{}\n", alert.to_lowercase());
        assert!(rule.contains(&anchor), "{alert} does not point at its section");
    }
    let told = advice.lines().filter_map(|line| line.strip_prefix("### "));
    for alert in told {
        assert!(alerts.contains(&alert), "docs/operations.md tells of {alert}, which is no alert");
    }
    Ok(())
}

/// One that never came up has no series that could be missed: it is looked for by name.
#[test]
fn a_silent_service_is_looked_for_by_its_name() -> Result<()> {
    let rules = read("deploy/prometheus/rules.yml")?;
    let silent =
        rules.split("- alert: ").find(|rule| rule.starts_with("ServiceSilent\n")).context("no ServiceSilent")?;
    let named = silent.lines().filter_map(|line| line.split_once("absent_over_time(relais_outbox_messages{job=\""));
    let named: Vec<_> = named.filter_map(|(_, rest)| Some(rest.split_once('"')?.0)).collect();
    let services = relais_tests::SERVICES.map(|service| format!("relais/relais-{service}"));
    assert_eq!(named, services, "ServiceSilent looks for others than there are");
    Ok(())
}

/// The number behind the first `key` of a text.
fn number(text: &str, key: &str) -> Result<u32> {
    let (_, after) = text.split_once(key).with_context(|| format!("nothing is said of {key}"))?;
    let digits = after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    Ok(digits.collect::<String>().parse()?)
}

/// Scaled up as far as it goes, in the midst of a rolling upgrade, every instance still gets its connections.
#[test]
fn the_database_takes_all_instances_that_there_may_be() -> Result<()> {
    let mut instances = 0;
    for service in relais_tests::SERVICES {
        let deployed = read(&format!("deploy/kubernetes/base/{service}.yaml"))?;
        instances += number(&deployed, "maxReplicaCount:")? + number(&deployed, "maxSurge:")?;
    }
    let settings = read("platform/src/settings.toml")?;
    let (_, database) = settings.split_once("[database]").context("no settings of the database")?;
    // One more is the relay's.
    let each = number(database, "max_connections")? + 1;
    let there_are = number(&read("deploy/kubernetes/base/postgres.yaml")?, "max_connections:")?;
    assert!(instances * each + 20 <= there_are, "{instances} instances of {each} connections, and {there_are} in all");
    Ok(())
}

/// The names of our metrics that a text asks Prometheus for.
fn asked(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = ["relais_", "rpc_server_", "messaging_client_", "messaging_process_", "db_client_"];
    let labels = [
        "rpc_response_status_code",
        "messaging_destination_name",
        "db_client_connection_state",
        "relais_rule",
        "relais_outcome",
        "relais_threshold",
    ];
    // Of TLS only a service that speaks it tells: see `tls`.
    let elsewhere = |word: &&str| labels.contains(word) || word.starts_with("relais_tls_");
    let named = words.filter(|word| ours.iter().any(|prefix| word.starts_with(prefix)) && !elsewhere(word));
    named.map(str::to_string).collect()
}

#[tokio::test]
async fn rules_and_panels_ask_for_metrics_that_there_are() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS".to_string(), "200".to_string()),
    ]);
    let suite = Suite::start(Options { settings }).await?;
    let partners = Partners::meet(&suite).await?;
    partners.submit(partners.request()).await?;
    let mut refused = partners.request();
    if let Some(referral) = &mut refused.referral {
        referral.requested_date = Some(date(partners.today() + Days::new(2000)));
    }
    partners.desk.referrals().submit_referral(refused).await.expect_err("the convention is over then");
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    // One that fails: of failures somebody tells only once there is one.
    let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    tap.send_raw("relais.referral.referral.submitted.v1", b"?", lapin::BasicProperties::default()).await?;
    let whole = message(Uuid::now_v7(), 1, ReferralSubmitted::default());
    tap.send(&Envelope { payload: vec![0xff; 40], ..whole }).await?;

    let text = read("deploy/prometheus/rules.yml")? + &read("deploy/grafana/dashboards/suite.json")?;
    let asked = asked(&text);
    assert!(asked.len() > 20, "{asked:?}");
    for metric in asked {
        // Prometheus appends the unit, and what a counter or a histogram is made of.
        let known = |name: &String| metric.starts_with(&name.replace('.', "_"));
        let told = || async { Ok(collector.names().iter().any(known).then_some(())) };
        eventually(&format!("somebody tells {metric}"), told).await?;
    }
    suite.stop().await
}
