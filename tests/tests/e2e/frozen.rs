//! A relay that freezes while it leads: the database ends its session, another leads, and nothing is sent twice or lost.

use std::{collections::HashMap, process::Stdio, time::Duration};

use anyhow::Result;
use relais_proto::{events::v1::ReferralCancelled, operations::v1::GetBacklogRequest};
use relais_tests::{Identity, Options, Suite, Tap, eventually, insert_event};
use uuid::Uuid;

#[tokio::test]
async fn a_frozen_leader_loses_its_place() -> Result<()> {
    let silence = HashMap::from([("RELAIS__BROKER__LEADER_SILENCE_MS".to_string(), "2000".to_string())]);
    let mut suite = Suite::prepare(Options { settings: silence }).await?;
    suite.set(HashMap::from([("RELAIS__BROKER__PUBLISH_TIMEOUT_MS".into(), "1500".into())]));
    let mut tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
    suite.launch("referral")?;
    let operator = suite.session("referral", &Identity::new("operator", "operator"))?;
    eventually("the first instance leads", || async {
        let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        Ok(backlog.leads_relay.then_some(()))
    })
    .await?;
    let mut second = suite.command("referral");
    second.env("RELAIS__SERVER__ADDRESS", "127.0.0.1:0").stdout(Stdio::null()).kill_on_drop(true);
    let mut second = second.spawn()?;

    let mut owner = suite.owner("referral").await?;
    for frozen in [false, true, false] {
        if frozen {
            suite.freeze("referral")?;
        }
        let id = insert_event(&mut owner, Uuid::now_v7(), 1, ReferralCancelled::default()).await?;
        assert_eq!(tap.next().await?.0.id, id, "frozen: {frozen}");
        // Frozen between a confirm and its commit, it would rightly be sent again.
        let left = "SELECT count(*) FROM referral.outbox";
        eventually("it is committed", || async { Ok((suite.count("referral", left).await? == 0).then_some(())) })
            .await?;
        if frozen {
            suite.thaw("referral")?;
        }
    }
    assert!(tap.is_silent(Duration::from_secs(3)).await, "something was sent twice");
    let kept = "SELECT count(*) FROM referral.outbox_sent";
    assert_eq!(suite.count("referral", kept).await?, 3);
    second.kill().await?;
    suite.stop().await
}
