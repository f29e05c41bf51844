//! The queue deleted, the channel closed: the consumer takes up again by itself.

use anyhow::Result;
use relais_proto::operations::v1::{GetBacklogRequest, RepublishEventsRequest};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, Told, World, eventually, request_id};

use super::APPOINTMENTS;

#[tokio::test]
async fn a_deleted_queue_is_declared_again() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let queue = world.tap.topology().queue("scheduling");
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.tap.delete_queue(&queue).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    eventually("the queue has a consumer again", || async {
        let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        Ok(backlog.queues.iter().any(|found| found.queue == queue && found.consumers == 1).then_some(()))
    })
    .await?;
    let later = Told::new("DDDD-EEEE-FFF");
    world.tap.publish(later.id.0, 1, later.submitted()).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    world.end().await
}

#[tokio::test]
async fn a_closed_channel_is_opened_again() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__PLANTED__FAULT", "close-channel")]).await?;
    for number in ["AAAA-BBBB-CCC", "DDDD-EEEE-FFF", "GGGG-HHHH-III"] {
        let told = Told::new(number);
        world.tap.publish(told.id.0, 1, told.submitted()).await?;
    }
    world.until_count(APPOINTMENTS, 3).await?;
    let told = Told::new("JJJJ-KKKK-LLL");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(APPOINTMENTS, 4).await?;
    world.end().await
}

#[tokio::test]
async fn what_was_sent_is_published_again_under_its_own_ids_once_per_request() -> Result<()> {
    let mut world = World::<Scheduling>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.next().await?;
    let (sent, _) = world.tap.next().await?;
    world.until_count("SELECT count(*) FROM outbox", 0).await?;
    let hour_ago = relais_platform::clock::machine_now() - chrono::TimeDelta::hours(1);
    let start_time = Some(relais_platform::calls::check::time_to_proto(hour_ago));
    let request = RepublishEventsRequest { start_time, request_id: request_id(), ..RepublishEventsRequest::default() };
    for _ in 0..2 {
        let answer = operator.operations().republish_events(request.clone()).await?.into_inner();
        assert_eq!(answer.events, 1);
    }
    let (again, _) = world.tap.next().await?;
    assert_eq!((again.id, again.version, again.payload), (sent.id, sent.version, sent.payload));
    assert!(world.tap.is_silent(std::time::Duration::from_millis(500)).await, "sent a third time");
    let other_kind = RepublishEventsRequest {
        aggregate_kind: "relais.results.order".into(),
        request_id: request_id(),
        ..request.clone()
    };
    assert_eq!(operator.operations().republish_events(other_kind).await?.into_inner().events, 0);
    let backwards =
        RepublishEventsRequest { end_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }), ..request };
    assert_eq!(
        operator.operations().republish_events(backwards).await.unwrap_err().code(),
        tonic::Code::InvalidArgument
    );
    world.end().await
}
