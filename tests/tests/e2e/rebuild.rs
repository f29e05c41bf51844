//! Rebuilding: what was lost with a queue comes back from the owner's present state, while events keep coming.

use std::time::Duration;

use anyhow::{Context, Result};
use relais_proto::{
    operations::v1::{RebuildProjectionRequest, RebuildProjectionResponse},
    referral::v1::{CancelReferralRequest, Referral, cancel_referral_request::Reason},
};
use relais_tests::{
    Identity, Options, Session, Suite, Tap, eventually, partnership::Partners, request_id, settled, violations,
};
use tonic::Code;
use tonic_types::StatusExt;

const REFERRALS: &str = "relais.referral.referral";

async fn rebuild(operator: &Session, kind: &str) -> Result<RebuildProjectionResponse> {
    let request = RebuildProjectionRequest { aggregate_kind: kind.into() };
    let mut progress = operator.operations().rebuild_projection(request).await?.into_inner();
    let mut last = None;
    while let Some(told) = progress.message().await? {
        last = Some(told);
    }
    last.filter(|last| last.done).context("the rebuild did not come to its end")
}

async fn cancel(partners: &Partners, referral: &Referral) -> Result<()> {
    let (name, etag) = (referral.name.clone(), String::new());
    let request =
        CancelReferralRequest { name, etag, reason: Reason::PatientDeclined.into(), request_id: request_id() };
    partners.desk.referrals().cancel_referral(request).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_lost_queue_held_is_rebuilt_while_events_keep_coming() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    let known = partners.submit(partners.request()).await?;
    settled(&operator).await?;

    // Scheduling is down; ten referrals are sent, three are cancelled, and its queue is lost with all of them.
    suite.kill("scheduling").await?;
    let mut lost = Vec::new();
    for _ in 0..10 {
        lost.push(partners.submit(partners.request()).await?);
    }
    for referral in [&lost[0], &lost[1], &known] {
        cancel(&partners, referral).await?;
    }
    let sent = "SELECT count(*) FROM referral.outbox";
    eventually("all is sent", || async { Ok((suite.count("referral", sent).await? == 0).then_some(())) }).await?;
    tap.delete_queue(&tap.topology().queue("scheduling")).await?;
    suite.launch("scheduling")?;
    suite.until_serving().await?;
    // One more event of a lost referral waits for the version that was lost.
    cancel(&partners, &lost[2]).await?;
    let held = "SELECT count(*) FROM scheduling.retry WHERE reason = 'gap'";
    eventually("it waits", || async { Ok((suite.count("scheduling", held).await? == 1).then_some(())) }).await?;

    let meanwhile = async {
        for _ in 0..20 {
            partners.submit(partners.request()).await?;
        }
        anyhow::Ok(())
    };
    let (rebuilt, submitted) = tokio::join!(rebuild(&operator.scheduling, REFERRALS), meanwhile);
    submitted?;
    let rebuilt = rebuilt?;
    assert!(rebuilt.seen >= 11 && rebuilt.advanced >= 11, "{rebuilt:?}");
    settled(&operator).await?;
    // 31 referrals: of four that were cancelled, one had an appointment and gave it up.
    for (sql, expected) in [
        ("SELECT count(*) FROM scheduling.appointment WHERE state = 'proposed'", 27),
        ("SELECT count(*) FROM scheduling.appointment WHERE state = 'cancelled'", 1),
        ("SELECT count(DISTINCT referral_id) FROM scheduling.appointment", 28),
        ("SELECT count(*) FROM scheduling.consumed_version WHERE version = 2", 4),
        ("SELECT count(*) FROM scheduling.parked", 0),
    ] {
        assert_eq!(suite.count("scheduling", sql).await?, expected, "{sql}");
    }
    let asked = "SELECT count(DISTINCT caller) FROM referral.audit WHERE action LIKE '%/StreamSnapshot'
        AND caller = 'scheduling>https://issuer.relais.invalid|operator'";
    assert_eq!(suite.count("referral", asked).await?, 1, "the owner is told who asks, and for whom");
    // Again, it changes nothing.
    let again = rebuild(&operator.scheduling, REFERRALS).await?;
    assert_eq!((again.seen, again.advanced, again.ahead), (31, 0, 0));
    assert_eq!(suite.count("scheduling", "SELECT count(*) FROM scheduling.appointment").await?, 28);
    suite.stop().await
}

#[tokio::test]
async fn every_projection_can_be_rebuilt_and_no_other() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    partners.submit(partners.request()).await?;
    settled(&operator).await?;
    for (session, kind) in [
        (&operator.scheduling, REFERRALS),
        (&operator.results, REFERRALS),
        (&operator.notification, REFERRALS),
        (&operator.referral, "relais.scheduling.appointment"),
        (&operator.notification, "relais.results.order"),
    ] {
        let level = rebuild(session, kind).await.with_context(|| kind.to_string())?;
        assert_eq!((level.seen, level.advanced), (1, 0), "{kind}");
    }
    assert_eq!(suite.count("notification", "SELECT count(*) FROM notification.message").await?, 1);
    for kind in ["", "relais.scheduling.appointment", "relais.referral.burnt"] {
        let request = RebuildProjectionRequest { aggregate_kind: kind.into() };
        let refused = operator.scheduling.operations().rebuild_projection(request).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["aggregate_kind".to_string()]));
    }
    // Kinds that are heard of, and whose owner keeps no state to be told.
    for (session, kind) in
        [(&operator.referral, "relais.notification.message"), (&operator.notification, "relais.results.critical")]
    {
        let request = RebuildProjectionRequest { aggregate_kind: kind.into() };
        let refused = session.operations().rebuild_projection(request).await.unwrap_err();
        let reason = refused.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        assert_eq!((refused.code(), &*reason), (Code::FailedPrecondition, "NO_SNAPSHOT"), "{kind}");
        assert!(refused.message().contains(kind), "{refused}");
    }
    let desk = suite.session("scheduling", &Identity::new("desk", "desk"))?;
    let refused = rebuild(&desk, REFERRALS).await.unwrap_err();
    assert!(refused.to_string().contains("roles"), "{refused}");
    suite.stop().await
}

#[tokio::test]
async fn an_owner_that_is_frozen_is_given_up() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let operator = suite.session("scheduling", &Identity::new("operator", "operator"))?;
    suite.freeze("referral")?;
    let asked = tokio::time::timeout(Duration::from_secs(20), rebuild(&operator, REFERRALS)).await;
    suite.thaw("referral")?;
    let error = asked.context("the rebuild hangs")?.unwrap_err();
    let status = error.downcast_ref::<tonic::Status>().context("no status")?;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    suite.stop().await
}
