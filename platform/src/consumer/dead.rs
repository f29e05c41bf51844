//! Dead letters: messages that were delivered until the limit, because whoever took them died.
//!
//! A broker gives up all that a dying consumer held, guilty or not. So each is tried again, alone: noted as parked first,
//! then applied, then the note is taken back. One that kills this consumer, too, is met again with its note, which counts;
//! after [`DEATHS`] it stays parked for a person. Fewer prove nothing: an operator may have killed the process just then.

use futures::StreamExt;
use lapin::message::Delivery;

use super::{Consumer, DEATHS, Handler, REST, acknowledge, batch::aside_span, deliveries, ended, failed::told, parked};
use crate::{broker::envelope::Envelope, error::Result, telemetry::metrics};

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
        let done = consumer.try_letter::<H>(&letter).await;
        consumer.activity.end(1);
        done?;
        acknowledge(std::slice::from_ref(&letter)).await?;
    }
    Err(ended(&channel, &queue))
}

impl Consumer {
    async fn try_letter<H: Handler>(&self, letter: &Delivery) -> Result<()> {
        let envelope = match Envelope::read(letter) {
            Ok(envelope) => envelope,
            Err(fault) => return self.park_unreadable(letter.routing_key.as_str(), &letter.data, &fault).await,
        };
        tracing::warn!(message.id = %envelope.id, message.r#type = envelope.type_name, "a dead letter is tried again");
        let (consumer, span) = (self.clone(), aside_span("dead letter", &envelope));
        // One task for all three steps: a drain between them would leave a note that nobody takes back.
        let trying = async move { consumer.try_noted::<H>(&envelope).await };
        self.database.detached(span, trying).await
    }

    async fn try_noted<H: Handler>(&self, envelope: &Envelope) -> Result<()> {
        // Each step waits for the database by itself: begun anew, the first would meet its own note.
        match self.until_available(|| self.mark_killed(envelope)).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(message.id = %envelope.id, "a dead letter stays parked: it killed its consumer");
                metrics::parked(self.name, parked::Cause::Killed.as_str(), 1);
                return Ok(());
            }
            Err(error) => {
                // A message that the database will not even note is kept as it came.
                tracing::error!(message.id = %envelope.id, %error, "a dead letter cannot be noted");
                return self.park_unreadable(&envelope.type_name, &envelope.payload, &told(&error)).await;
            }
        }
        self.apply::<H>(std::slice::from_ref(envelope)).await?;
        self.until_available(|| self.unmark(envelope)).await
    }

    async fn mark_killed(&self, envelope: &Envelope) -> Result<bool> {
        let mut unit = self.database.open().await?;
        let innocent = parked::mark_killed(&mut unit, self.name, envelope, DEATHS).await?;
        self.database.finish(unit).await.map(|()| innocent)
    }

    async fn unmark(&self, envelope: &Envelope) -> Result<()> {
        let mut unit = self.database.open().await?;
        parked::unmark(&mut unit, self.name, envelope).await?;
        self.database.finish(unit).await
    }
}
