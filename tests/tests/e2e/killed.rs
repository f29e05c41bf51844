//! A process killed where it hurts: after a commit and before its event was published, and amid its work.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::join_all;
use relais_proto::referral::v1::SubmitReferralRequest;
use relais_tests::{Identity, Options, Session, Suite, eventually, partnership, request_id, settled};

/// Kills two of the four services amid a load, over and over. Every referral that was acknowledged has its effect once in
/// each of the others, and every request that was not, sent again, ends in exactly one referral.
#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let operator = suite.session("referral", &Identity::new("operator", "operator"))?;
    let referrer = partnership::organisation(&operator, "A").await?;
    let provider = partnership::organisation(&operator, "B").await?;
    let today = relais_platform::clock::machine_now().date_naive();
    let draft = partnership::draft(&operator, partnership::terms(&referrer, &provider, today)).await?;
    let convention = partnership::sign(&operator, draft, today).await?.name;
    let desk = suite.session("referral", &Identity::new("desk", "desk").of(&referrer))?;
    let patient = partnership::patient(&desk).await?;
    let requests: Vec<_> = (0..120)
        .map(|_| {
            let referral = Some(partnership::referral(&convention, &patient, &provider, today));
            SubmitReferralRequest { referral, request_id: request_id() }
        })
        .collect();

    for (round, requests) in requests.chunks(40).enumerate() {
        let calls = join_all(requests.iter().map(|request| submit(&desk, request.clone())));
        let kills = async {
            for service in ["referral", "scheduling", "notification"] {
                tokio::time::sleep(Duration::from_millis(20 + 30 * round as u64)).await;
                suite.kill(service).await?;
                suite.launch(service)?;
            }
            anyhow::Ok(())
        };
        let (_, killed) = tokio::join!(calls, kills);
        killed?;
        suite.until_serving().await?;
    }
    for request in &requests {
        let again = || async { submit(&desk, request.clone()).await.map(Some) };
        eventually("an unanswered request is answered when it is sent again", again).await?;
    }
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    for (service, sql) in [
        ("referral", "SELECT count(*) FROM referral.referral"),
        ("referral", "SELECT count(DISTINCT aggregate_id) FROM referral.outbox_sent WHERE version = 1"),
        ("scheduling", "SELECT count(*) FROM scheduling.appointment"),
        ("results", "SELECT count(*) FROM results.service_order"),
        ("notification", "SELECT count(*) FROM notification.message"),
        ("referral", "SELECT count(*) FROM referral.referral_appointment"),
    ] {
        assert_eq!(suite.count(service, sql).await?, 120, "{sql}");
    }
    suite.stop().await
}

async fn submit(desk: &Session, request: SubmitReferralRequest) -> Result<()> {
    desk.referrals().submit_referral(request).await.context("submitting").map(|_| ())
}
