//! Dead letters: messages that were delivered until the limit, because whoever took them died.
//!
//! A broker gives up all that a dying consumer held, guilty or not. So each is tried once more, alone: noted as parked
//! first, then applied, then the note is taken back. One that kills this consumer, too, is met again with its note, and
//! stays parked for a person.

use futures::StreamExt;
use lapin::message::Delivery;

use super::{Consumer, Handler, REST, acknowledge, deliveries, ended, parked};
use crate::{
    broker::envelope::Envelope,
    error::{Kind, Result},
};

/// Takes dead letters, again after each break.
pub(super) async fn run<H: Handler>(consumer: Consumer) {
    loop {
        if let Err(error) = take::<H>(&consumer).await {
            tracing::warn!(error = format!("{error:#}"), "the consumer of dead letters begins again");
        }
        tokio::time::sleep(REST).await;
    }
}

async fn take<H: Handler>(consumer: &Consumer) -> anyhow::Result<()> {
    let queue = consumer.broker.topology().dead_queue(consumer.name);
    let channel = consumer.subscribe(1).await?;
    let mut letters = deliveries(&channel, &queue).await?;
    while let Some(letter) = letters.next().await {
        let letter = letter?;
        consumer.activity.begin(1);
        let done = consumer.until_available(|| consumer.try_once_more::<H>(&letter)).await;
        consumer.activity.end(1);
        done?;
        acknowledge(std::slice::from_ref(&letter)).await?;
    }
    Err(ended(&channel, &queue))
}

impl Consumer {
    async fn try_once_more<H: Handler>(&self, letter: &Delivery) -> Result<()> {
        let envelope = match Envelope::read(letter) {
            Ok(envelope) => envelope,
            Err(fault) => return self.park_unreadable(letter, &fault).await,
        };
        tracing::warn!(message.id = %envelope.id, message.r#type = envelope.type_name, "a dead letter is tried once more");
        match self.mark_killed(&envelope).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.kind == Kind::Unavailable => return Err(error),
            // A message that the database will not even note is kept as it came.
            Err(error) => return self.park_unreadable(letter, &error.message).await,
        }
        self.apply::<H>(std::slice::from_ref(&envelope)).await?;
        self.unmark(envelope).await
    }

    async fn mark_killed(&self, envelope: &Envelope) -> Result<bool> {
        let (consumer, envelope) = (self.clone(), envelope.clone());
        let work = async move {
            let mut unit = consumer.database.open().await?;
            let fresh = parked::mark_killed(&mut unit, consumer.name, &envelope).await?;
            consumer.database.finish(unit).await.map(|()| fresh)
        };
        self.database.detached(tracing::info_span!("mark"), work).await
    }

    async fn unmark(&self, envelope: Envelope) -> Result<()> {
        let consumer = self.clone();
        self.write(async move {
            let mut unit = consumer.database.open().await?;
            parked::unmark(&mut unit, consumer.name, &envelope).await?;
            consumer.database.finish(unit).await
        })
        .await
    }
}
