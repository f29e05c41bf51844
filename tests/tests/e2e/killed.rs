//! A process killed where it hurts: after a commit and before its event was published, and amid its work.

use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use relais_tests::{Identity, Options, Suite, eventually, partnership::Partners, settled};

/// Kills two of the four services amid a load, over and over. Every referral that was acknowledged has its effect once in
/// each of the others, and every request that was not, sent again, ends in exactly one referral.
#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let requests: Vec<_> = (0..120).map(|_| partners.request()).collect();

    for (round, requests) in requests.chunks(40).enumerate() {
        let calls = join_all(requests.iter().map(|request| partners.submit(request.clone())));
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
        let again = || async { partners.submit(request.clone()).await.map(Some) };
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
