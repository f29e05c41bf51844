//! A queue is deleted by hand: its consumers take it up again by themselves, and what was in it is published again.

use std::time::Duration;

use anyhow::{Context, Result};
use lapin::{Channel, Connection, ConnectionProperties, options::QueueDeclareOptions, types::FieldTable};
use prost_types::Timestamp;
use relais_platform::{broker::topology::Topology, clock::machine_now};
use relais_proto::operations::v1::RepublishEventsRequest;
use tokio::time::sleep;

use super::{
    fleet::Fleet,
    plan::{INSTANCES, Victim},
};
use crate::{Identity, eventually, request_id};

/// Whose queue it is, and who publishes to it.
const CONSUMER: &str = "scheduling";
const PUBLISHER: &str = "referral";
/// So long messages collect in a queue that nobody consumes.
const COLLECTED: Duration = Duration::from_secs(3);
/// What was sent so long before the queue was deleted is taken for consumed.
const BEFORE: i64 = 60;

/// Deletes the queue under its consumers, then once more with messages in it, and has the lost ones published again.
pub(super) async fn delete_queues(fleet: &Fleet) -> Result<()> {
    let since = machine_now().timestamp() - BEFORE;
    let connection = Connection::connect(&fleet.suite.servers.amqp_url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let queue = Topology::new(&fleet.suite.name).queue(CONSUMER);
    let lost = delete(&channel, &queue).await?;
    println!("           the queue is deleted under its consumers, with {lost} messages in it");
    until_consumed(&connection, &queue).await?;

    for index in 0..INSTANCES {
        fleet.kill(Victim::Service(CONSUMER, index)).await?;
    }
    sleep(COLLECTED).await;
    let lost = delete(&channel, &queue).await?;
    println!("           the queue is deleted without consumers, with {lost} messages in it");
    for index in 0..INSTANCES {
        fleet.launch(Victim::Service(CONSUMER, index)).await?;
    }
    until_consumed(&connection, &queue).await?;
    connection.close(200, "done".into()).await?;

    println!("           {} events are published again", republish(fleet, since).await?);
    Ok(())
}

async fn delete(channel: &Channel, queue: &str) -> Result<u32> {
    Ok(channel.queue_delete(queue.into(), Default::default()).await?)
}

/// Until all instances consume the queue again.
async fn until_consumed(connection: &Connection, queue: &str) -> Result<()> {
    let consumed = || async {
        // A question about a queue that is not there closes the channel.
        let channel = connection.create_channel().await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let found = channel.queue_declare(queue.into(), passive, FieldTable::default()).await?;
        channel.close(200, "asked".into()).await?;
        Ok((usize::try_from(found.consumer_count())? == INSTANCES).then_some(()))
    };
    eventually(&format!("all instances consume {queue} again"), consumed).await
}

async fn republish(fleet: &Fleet, since: i64) -> Result<i64> {
    let operator = fleet.sessions(PUBLISHER, &Identity::new("operator", "operator"))?;
    let request = RepublishEventsRequest {
        start_time: Some(Timestamp { seconds: since, nanos: 0 }),
        request_id: request_id(),
        ..RepublishEventsRequest::default()
    };
    let session = operator.first().context("no instance")?;
    Ok(session.operations().republish_events(request).await?.into_inner().events)
}
