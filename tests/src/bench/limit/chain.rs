//! The limit of a chain: one relay and a consumer for each queue, with the same messages on queues of the same kind, and behind
//! each message one row. Nothing is deduplicated, ordered, retried or traced.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use futures::{StreamExt, future::try_join_all};
use lapin::{
    Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions},
    types::FieldTable,
};
use relais_platform::broker::{
    envelope::Envelope,
    topology::{HEARS, Topology},
};
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::{Duration, sleep};
use uuid::Uuid;

use super::{MOVED, SUBMITTED, Sizes};

/// Messages of a transaction, as ours have it.
const BATCH: usize = 100;
const PREFETCH: u16 = 200;
/// How long the relay sleeps when there was nothing: ours is woken.
const PAUSE: Duration = Duration::from_millis(5);

/// What follows from a message at a service: as many events of as many kinds as ours have from a referral to its booking, by the
/// hands through which they go.
const FOLLOWS: &[(&str, &str, &[&str])] = &[
    ("scheduling", SUBMITTED, &["relais.scheduling.appointment.proposed.v1", "relais.referral.referral.moved.v1"]),
    ("results", SUBMITTED, &["relais.results.order.drafted.v1"]),
    ("notification", SUBMITTED, &["relais.notification.message.received.v1"]),
    ("referral", MOVED, &["relais.referral.referral.moved.v1"]),
    ("notification", MOVED, &["relais.notification.message.received.v1"]),
];

/// Events of a chain, the two of its calls included.
pub(in crate::bench) const MESSAGES: usize = 2 + {
    let (mut events, mut at) = (0, 0);
    while at < FOLLOWS.len() {
        events += FOLLOWS[at].2.len();
        at += 1;
    }
    events
};

/// Relays and consumes until something fails.
pub(super) async fn run(pool: &PgPool, (broker, prefix): (&str, &str), sizes: Sizes) -> Result<()> {
    let connection = Connection::connect(broker, ConnectionProperties::default()).await?;
    let consuming = Connection::connect(broker, ConnectionProperties::default()).await?;
    let topology = Topology::new(prefix);
    topology.declare(&connection.create_channel().await?).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let consumers = HEARS.iter().map(|(service, _)| consume(pool, &consuming, &topology, service, sizes));
    tokio::try_join!(relay(pool, &channel, &topology), try_join_all(consumers))?;
    Ok(())
}

/// Takes what there is, publishes it with confirms, and commits.
async fn relay(pool: &PgPool, channel: &Channel, topology: &Topology) -> Result<()> {
    let (exchange, options) =
        (topology.exchange(), BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() });
    let taking =
        "DELETE FROM bare.outbox WHERE position IN (SELECT position FROM bare.outbox ORDER BY position LIMIT $1)
                  RETURNING id, type, at, body";
    loop {
        let mut transaction = pool.begin().await?;
        let taken: Vec<(Uuid, String, DateTime<Utc>, Vec<u8>)> =
            sqlx::query_as(taking).bind(i64::try_from(BATCH)?).fetch_all(&mut *transaction).await?;
        let mut unconfirmed = Vec::with_capacity(taken.len());
        for (id, type_name, time, payload) in taken {
            let message = Envelope { id, type_name, aggregate_id: id, version: 1, time, payload, trace: Value::Null };
            let (key, properties) = (message.type_name.as_str(), message.properties(&message.trace));
            let publish =
                channel.basic_publish(exchange.as_str().into(), key.into(), options, &message.payload, properties);
            unconfirmed.push(publish.await?);
        }
        let idle = unconfirmed.is_empty();
        for confirm in unconfirmed {
            ensure!(matches!(confirm.await?, Confirmation::Ack(None)), "a message was not taken");
        }
        transaction.commit().await?;
        if idle {
            sleep(PAUSE).await;
        }
    }
}

/// Notes each message and what follows from it, a batch in one transaction, and acknowledges the batch.
async fn consume(
    pool: &PgPool,
    connection: &Connection,
    topology: &Topology,
    service: &str,
    sizes: Sizes,
) -> Result<()> {
    let channel = connection.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let (queue, options) = (topology.queue(service), BasicConsumeOptions::default());
    let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
    let mut batches = consumer.ready_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let deliveries = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
        let messages = deliveries.iter().map(|it| Envelope::read(it).map_err(anyhow::Error::msg));
        note(pool, service, &messages.collect::<Result<Vec<_>>>()?, sizes).await?;
        let last = deliveries.last().context("an empty batch")?;
        ensure!(last.acker.ack(BasicAckOptions { multiple: true }).await?, "the channel is gone");
    }
    Ok(())
}

async fn note(pool: &PgPool, service: &str, messages: &[Envelope], sizes: Sizes) -> Result<()> {
    let mut follows: Vec<&str> = Vec::new();
    for message in messages {
        let heard = FOLLOWS.iter().filter(|(at, heard, _)| *at == service && *heard == message.type_name);
        heard.for_each(|(_, _, types)| follows.extend(*types));
    }
    let mut transaction = pool.begin().await?;
    let noting = "INSERT INTO bare.effect (message, service, type, at, body)
                  SELECT id, $1, type, now(), $4 FROM unnest($2::uuid[], $3::text[]) AS n(id, type)";
    let noted = sqlx::query(noting).bind(service).bind(messages.iter().map(|it| it.id).collect::<Vec<_>>());
    let noted = noted.bind(messages.iter().map(|it| it.type_name.as_str()).collect::<Vec<_>>());
    noted.bind(vec![0_u8; sizes.row]).execute(&mut *transaction).await?;
    if !follows.is_empty() {
        let emitting = "INSERT INTO bare.outbox (id, type, at, body)
                        SELECT gen_random_uuid(), type, now(), $2 FROM unnest($1::text[]) AS n(type)";
        sqlx::query(emitting).bind(follows).bind(vec![0_u8; sizes.event]).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
