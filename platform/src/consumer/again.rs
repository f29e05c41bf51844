//! What is held back: failed messages when they are due, waiting ones when their gap is filled.
//!
//! A held message was acknowledged, so no broker counts how often it kills its consumer. It is counted here: each try is
//! noted first, in a commit of its own ([`store`]); one that was begun [`DEATHS`] times without an end is parked.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    Consumer, DEATHS, Handler,
    batch::aside_span,
    failed::delay,
    parked,
    store::{self, Held},
    versions::Versions,
};
use crate::{error::Result, settings::millis};

/// Looks for ripe messages when woken, and again and again.
pub(super) async fn run<H: Handler>(consumer: Consumer) {
    loop {
        match consumer.look::<H>().await {
            // More may have become ripe by what was applied.
            Ok(applied) if applied > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "held messages wait"),
        }
        let _ = timeout(millis(consumer.settings.poll_ms), consumer.ripe.notified()).await;
    }
}

impl Consumer {
    /// Reopens before it looks, and parks after: what became ripe meanwhile is not parked.
    async fn look<H: Handler>(&self) -> Result<usize> {
        self.database.reopen_gaps(self.name).await?;
        let applied = self.apply_ripe::<H>().await?;
        let parked = self.database.park_old_gaps(self.name, millis(self.settings.gap_timeout_ms)).await?;
        if parked > 0 {
            tracing::error!(parked, "messages were parked that wait for earlier ones: rebuild, or publish those again");
        }
        Ok(applied)
    }

    async fn apply_ripe<H: Handler>(&self) -> Result<usize> {
        let ripe = self.database.ripe(self.name).await?;
        if ripe.is_empty() {
            // Looking is not being busy.
            return Ok(0);
        }
        let (messages, mut applied) = (ripe.len(), 0);
        self.activity.begin(messages);
        for held in ripe {
            let (consumer, id) = (self.clone(), held.envelope.id);
            let span = aside_span("retry", &held.envelope);
            let trying = async move { consumer.try_held::<H>(held).await };
            // One task for the note, the try and what comes of it: a drain between them would count as a death.
            match self.database.detached(span, trying).await {
                Ok(done) => applied += usize::from(done),
                Err(error) => tracing::warn!(message.id = %id, %error, "a held message waits"),
            }
        }
        self.activity.end(messages);
        Ok(applied)
    }

    /// Tries a held message, alone; says whether it was applied.
    async fn try_held<H: Handler>(&self, held: Held) -> Result<bool> {
        let (id, lease) = (held.envelope.id, self.lease(held.started));
        match self.until_available(|| self.database.begin_held(self.name, id, lease)).await? {
            // Another instance was faster.
            None => return Ok(false),
            Some(started) if started > DEATHS => return self.park_killed(held).await.map(|()| false),
            Some(_) => {}
        }
        match self.database.outlast(|| self.apply_held::<H>(held.envelope.clone())).await {
            Ok(()) => Ok(true),
            Err(error) => self.failed_again(&held.envelope, held.attempt, &error).await.map(|()| false),
        }
    }

    /// Before this time has passed, no other instance begins a message that was begun.
    fn lease(&self, started: i32) -> Duration {
        delay(&self.settings, u16::try_from(started).unwrap_or_default().saturating_add(1))
    }

    /// Parks a message that killed whoever tried it. The lock on its aggregate waits for an instance that is still at it.
    async fn park_killed(&self, held: Held) -> Result<()> {
        let one = std::slice::from_ref(&held.envelope);
        let mut unit = self.database.open().await?;
        let versions = Versions::lock(&mut unit, self.name, one).await?;
        if store::release(&mut unit, self.name, held.envelope.id).await? {
            parked::park_killed(&mut unit, self.name, &held.envelope, DEATHS).await?;
        }
        versions.save(&mut unit, self.name).await?;
        self.database.finish(unit).await
    }
}
