//! The queue deleted, the channel closed: the consumer takes up again by itself.

use std::time::{Duration, Instant};

use anyhow::Result;
use relais_proto::{
    events::v1::AppointmentProposed,
    operations::v1::{GetBacklogRequest, RepublishEventsRequest},
};
use relais_scheduling::Scheduling;
use relais_tests::{Gate, Identity, Servers, Told, World, eventually, request_id, violations};
use url::Url;
use uuid::Uuid;

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
        // A queue that is not there is not known; the rest is told all the while.
        let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        assert_eq!(backlog.queues_known, backlog.queues.len() == 2);
        Ok(backlog.queues.iter().any(|found| found.queue == queue && found.consumers == 1).then_some(()))
    })
    .await?;
    let later = Told::new("DDDD-EEEE-FFF");
    world.tap.publish(later.id.0, 1, later.submitted()).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    world.end().await
}

#[tokio::test]
async fn what_is_left_is_told_while_the_broker_is_away() -> Result<()> {
    let amqp: Url = Servers::from_env()?.amqp_url.parse()?;
    let gate = Gate::before(&amqp).await?;
    gate.open();
    let by_gate = gate.url(&amqp).to_string();
    let world = World::<Scheduling>::start_with(&[("RELAIS__BROKER__URL", by_gate.as_str())]).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let known = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
    assert_eq!((known.queues_known, known.queues.len()), (true, 2));
    gate.close();
    let told = AppointmentProposed { appointment: "appointments/1".into(), referral: "referrals/1".into() };
    world.commit_event(Uuid::now_v7(), 1, told).await?;
    let asked = Instant::now();
    let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert_eq!((backlog.outbox, backlog.queues_known, backlog.settled), (1, false, false));
    assert!(backlog.outbox_lag.is_some(), "{backlog:?}");
    gate.open();
    eventually("all is settled again", || async {
        let backlog = operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner();
        Ok((backlog.settled && backlog.queues_known).then_some(()))
    })
    .await?;
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
    assert!(world.tap.is_silent(Duration::from_millis(500)).await, "sent a third time");
    let of_kind = |kind: &str| RepublishEventsRequest {
        aggregate_kind: kind.into(),
        request_id: request_id(),
        ..request.clone()
    };
    for not_ours in ["relais.results.order", "relais.scheduling.appointmant", "relais.scheduling.appointment\0"] {
        let refused = operator.operations().republish_events(of_kind(not_ours)).await.unwrap_err();
        let told = (refused.code(), violations(&refused));
        assert_eq!(told, (tonic::Code::InvalidArgument, vec!["aggregate_kind".to_string()]), "{not_ours:?}");
    }
    let ours = of_kind("relais.scheduling.appointment");
    assert_eq!(operator.operations().republish_events(ours).await?.into_inner().events, 1);
    let backwards =
        RepublishEventsRequest { end_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }), ..request.clone() };
    assert_eq!(
        operator.operations().republish_events(backwards).await.unwrap_err().code(),
        tonic::Code::InvalidArgument
    );
    world.end().await
}
