//! Metrics, as an operator's collector gets them.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use chrono::Days;
use relais_proto::referral::v1::CheckAdmissionRequest;
use relais_tests::{Collector, Options, Suite, date, eventually, partnership::Partners, rules};

#[tokio::test]
async fn what_is_sent_consumed_and_left_is_told_as_metrics() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS".to_string(), "200".to_string()),
    ]);
    let suite = Suite::start(Options { settings }).await?;
    let partners = Partners::meet(&suite).await?;
    for _ in 0..3 {
        partners.submit(partners.request()).await?;
    }
    // Three referrals: each sent by referral, consumed by scheduling, and told back as an appointment.
    for (service, metric, expected) in [
        ("relais-referral", "messaging.client.sent.messages", 3.0),
        ("relais-scheduling", "messaging.client.consumed.messages", 3.0),
        ("relais-scheduling", "messaging.client.sent.messages", 3.0),
        ("relais-referral", "relais.relay.leads", 1.0),
        ("relais-referral", "relais.outbox.messages", 0.0),
        ("relais-referral", "relais.outbox.lag", 0.0),
        ("relais-scheduling", "relais.retry.messages", 0.0),
        ("relais-scheduling", "relais.parked.messages", 0.0),
        ("relais-scheduling", "relais.timers.due", 0.0),
        ("relais-referral", "relais.audit.unsealed.rows", 0.0),
        ("relais-referral", "relais.audit.unsealed.lag", 0.0),
        ("relais-results", "relais.vault.stale.keys", 0.0),
        ("relais-scheduling", "relais.queue.messages", 0.0),
        // Its own queue and the dead letters' have one each.
        ("relais-scheduling", "relais.queue.consumers", 2.0),
    ] {
        let arrived = || async { Ok((collector.metric(service, metric) == Some(expected)).then_some(())) };
        eventually(&format!("{service} tells {metric} = {expected}"), arrived).await?;
    }
    let calls = collector.metric("relais-referral", "rpc.server.call.duration");
    assert!(calls.is_some_and(|calls| calls >= 3.0), "{calls:?}");
    let processed = collector.metric("relais-scheduling", "messaging.process.duration");
    assert!(processed.is_some_and(|batches| batches >= 1.0), "{processed:?}");

    refusals_are_told(&partners, &collector).await?;

    // One that is given up shows.
    let tap = relais_tests::Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    tap.send_raw("relais.referral.referral.submitted.v1", b"?", lapin::BasicProperties::default()).await?;
    for metric in ["relais.parked.messages", "relais.consumer.parked"] {
        let parked = || async { Ok((collector.metric("relais-scheduling", metric) == Some(1.0)).then_some(())) };
        eventually(&format!("a parked message shows in {metric}"), parked).await?;
    }
    suite.stop().await
}

/// What is not admitted shows by each rule that fails; what is asked before does not.
async fn refusals_are_told(partners: &Partners, collector: &Collector) -> Result<()> {
    let mut refused = partners.request();
    if let Some(referral) = &mut refused.referral {
        // Who sends is no provider.
        referral.provider = partners.sender.organisation.clone();
        referral.requested_date = Some(date(partners.today() + Days::new(2000)));
    }
    let referral = refused.referral.clone();
    partners.desk.referrals().check_admission(CheckAdmissionRequest { referral }).await?;
    let told = partners.desk.referrals().submit_referral(refused).await;
    let told = told.err().context("it was admitted")?;
    assert_eq!(rules(&told), ["convention-not-in-force", "provider-not-party"]);
    let metric = "relais.admission.refusals";
    let counted = || async { Ok((collector.metric("relais-referral", metric) == Some(2.0)).then_some(())) };
    eventually("two rules failed", counted).await?;
    let figures = collector.figures();
    assert!(rules(&told).iter().all(|rule| figures.contains(rule)), "by their codes: {figures}");
    Ok(())
}

/// What no seal holds is not protected: that nobody seals must be seen.
#[tokio::test]
async fn rows_that_nobody_seals_are_told_with_their_age() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = HashMap::from([
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT".to_string(), format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS".to_string(), "200".to_string()),
        ("RELAIS__AUDIT__SEAL_MS".to_string(), "600000".to_string()),
    ]);
    let suite = Suite::start(Options { settings }).await?;
    let partners = Partners::meet(&suite).await?;
    partners.submit(partners.request()).await?;
    let waiting = suite.count("referral", "SELECT count(*) FROM audit_unsealed").await?;
    assert!(waiting > 0, "something was sealed already");
    for (metric, least) in [("relais.audit.unsealed.rows", waiting as f64), ("relais.audit.unsealed.lag", 1.0)] {
        let told = || async { Ok(collector.metric("relais-referral", metric).filter(|told| *told >= least)) };
        let told = eventually(metric, told).await?;
        assert!(told < 1_000.0, "{metric}: {told}");
    }
    suite.stop().await
}
