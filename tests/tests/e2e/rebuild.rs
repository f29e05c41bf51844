//! Rebuilding: what was lost with a queue comes back from the owner's present state, while events keep coming.

use std::time::Duration;

use anyhow::{Context, Result};
use relais_proto::{
    operations::v1::{RebuildProjectionRequest, RebuildProjectionResponse},
    referral::v1::{CancelReferralRequest, Referral, cancel_referral_request::Reason},
    results::v1::report::Status,
};
use relais_tests::{
    Identity, Options, Session, Suite, Tap, eventually,
    partnership::{self, Partners},
    request_id, settled, violations,
};
use sqlx::{Connection, Executor};
use tonic::Code;
use tonic_types::StatusExt;

use crate::laboratory::Laboratory;

const REFERRALS: &str = "relais.referral.referral";
const MESSAGES: &str = "SELECT count(*) FROM message";
const RELEASED: &str = "SELECT count(DISTINCT about) FROM message WHERE kind = 'report-released'";
const SITES: &str = "SELECT count(*) FROM site WHERE time_zone = 'Europe/Luxembourg' AND country_code = 'LU'";

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

/// Whoever lost track of what it had taken in is told all of it again, and tells nobody twice; what was lost altogether is told once.
#[tokio::test]
async fn a_rebuild_of_notification_tells_nobody_a_second_time() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let lab = Laboratory::open(&suite, &partners).await?;
    let mut released = Vec::new();
    for _ in 0..2 {
        let asked = lab.ask(&partners).await?;
        for value in ["90", "91"] {
            released.push(lab.report(lab.first(&asked, Status::Final, value)).await?.name);
        }
        cancel(&partners, &asked.referral).await?;
    }
    settled(&operator).await?;
    let (told, of_reports) =
        (suite.count("notification", MESSAGES).await?, suite.count("notification", RELEASED).await?);
    assert_eq!(of_reports, 4);
    // Of one report its release never arrived; of all else, that it did is forgotten.
    let mut owner = suite.owner("notification").await?;
    let lost = "DELETE FROM message WHERE kind = 'report-released' AND about = $1";
    sqlx::query(lost).bind(&released[0]).execute(&mut owner).await?;
    owner.execute("DELETE FROM consumed_version").await?;
    owner.close().await?;
    for _ in 0..2 {
        for kind in [REFERRALS, "relais.scheduling.appointment", "relais.results.order", "relais.results.report"] {
            rebuild(&operator.notification, kind).await.with_context(|| kind.to_string())?;
        }
        settled(&operator).await?;
        assert_eq!(suite.count("notification", RELEASED).await?, 4, "what was lost is told");
        assert_eq!(suite.count("notification", MESSAGES).await?, told, "nothing else is");
    }
    suite.stop().await
}

#[tokio::test]
async fn scheduling_learns_a_sites_zone_by_its_event_and_by_a_rebuild() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    partnership::site(&partners.operator, partners.provider(), "Forges du Sud").await?;
    settled(&operator).await?;
    assert_eq!(suite.count("scheduling", SITES).await?, 1, "by its event");
    let mut owner = suite.owner("scheduling").await?;
    // Level: the row alone is gone. Behind: that it was told is forgotten, too.
    for lost in ["DELETE FROM site", "DELETE FROM site; DELETE FROM consumed_version"] {
        owner.execute(lost).await?;
        assert_eq!(suite.count("scheduling", SITES).await?, 0);
        let rebuilt = rebuild(&operator.scheduling, "relais.referral.site").await?;
        assert_eq!(rebuilt.seen, 1, "{rebuilt:?}");
        assert_eq!(suite.count("scheduling", SITES).await?, 1, "{lost}");
    }
    owner.close().await?;
    suite.stop().await
}
