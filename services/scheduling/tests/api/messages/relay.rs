//! The relay: one leads, the other takes over, and none is passed over.

use std::time::Duration;

use anyhow::Result;
use relais_proto::{
    events::v1::AppointmentProposed,
    operations::v1::{GetBacklogRequest, operations_service_client::OperationsServiceClient},
};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, World, eventually};
use tonic::{Request, transport::Endpoint};
use uuid::Uuid;

#[tokio::test]
async fn one_of_two_instances_leads_and_the_other_takes_over() -> Result<()> {
    let mut world = World::<Scheduling>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    eventually("the first leads", || async {
        let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        Ok(backlog.leads_relay.then_some(()))
    })
    .await?;
    let other = world.another().await?;
    let token = format!("Bearer {}", world.issuer().token(&Identity::new("operator", "operator"))?);
    let channel = Endpoint::from_shared(format!("http://{}", other.address))?.connect_lazy();
    let leads = || async {
        let mut request = Request::new(GetBacklogRequest {});
        request.metadata_mut().insert("authorization", token.parse()?);
        let backlog = OperationsServiceClient::new(channel.clone()).get_backlog(request).await?;
        Ok(Some(backlog.into_inner().leads_relay))
    };
    assert!(!eventually("the other answers", leads).await?, "two lead at once");
    // Whoever leads loses its session: the database has it end.
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&world.database).await?;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
               WHERE locktype = 'advisory' AND granted AND datname = $1
                 AND (classid::bigint << 32) | objid::bigint = hashtextextended('scheduling.relay', 0)";
    let ended = sqlx::query(end).bind(name).execute(&mut world.servers.admin().await?).await?;
    assert_eq!(ended.rows_affected(), 1, "one session leads");
    let event = AppointmentProposed { appointment: "appointments/1".into(), referral: "referrals/1".into() };
    let id = world.commit_event(Uuid::now_v7(), 1, event).await?;
    assert_eq!(world.tap.next().await?.0.id, id);
    other.stop::<Scheduling>().await;
    world.end().await
}

/// A batch of which one message cannot be routed: that one stays, the others are sent once, and it follows when it can.
#[tokio::test]
async fn a_message_that_nobody_gets_holds_up_no_other() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    world.tap.look_away().await?;
    let stray = Uuid::now_v7();
    let mut transaction = world.database.begin().await?;
    sqlx::query(
        "INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload)
         VALUES ($1, 'relais.nowhere.nothing.happened.v1', 'relais.nowhere.nothing', $1, 1, now(), '')",
    )
    .bind(stray)
    .execute(&mut *transaction)
    .await?;
    for _ in 0..5 {
        relais_tests::insert_event(&mut transaction, Uuid::now_v7(), 1, AppointmentProposed::default()).await?;
    }
    transaction.commit().await?;
    world.until_count("SELECT count(*) FROM outbox_sent", 5).await?;
    // Tried again and again, and its way is free in the end.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let notification = world.tap.topology().queue("notification");
    assert_eq!(world.tap.waiting(&notification).await?, Some(5), "the others were sent once");
    assert_eq!(world.count("SELECT count(*) FROM outbox").await?, 1);
    world.tap.look().await?;
    world.until_count("SELECT count(*) FROM outbox", 0).await?;
    world.end().await
}
