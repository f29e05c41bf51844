//! Following an inbox: read on from a number, wait to be woken, read on.
//!
//! The feed only wakes. What is sent comes from the table by number, so nothing is left out when the broker is away, when a
//! stream is slow, or when it is taken up again at another instance.

use std::time::Duration;

use relais_platform::{
    Context, Error, Result,
    broker::feed::{Feed, Wake},
    calls::Call,
    error::Violation,
    events::Event,
};
use relais_proto::notification::v1::WatchMessagesResponse;
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    mpsc::{self, Sender},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::convert;
use crate::{
    app::{ReadOn, STRETCH, mailbox_of},
    domain::Mailbox,
};

/// Looked at again even when nothing woke the stream.
const POLL: Duration = Duration::from_secs(5);
/// Messages on their way to a slow reader.
const BUFFER: usize = 16;

/// A stream of one caller.
pub(super) struct Watch {
    context: Context,
    call: Call,
    mailbox: Mailbox,
    after: i64,
}

impl Watch {
    /// From the token's number on.
    pub(super) fn try_new(context: Context, call: Call, token: &str) -> Result<Self> {
        let mailbox = mailbox_of(&call.caller)?;
        let after = match token {
            "" => Some(0),
            token => context
                .pages
                .open(&call, &scope(mailbox), token)
                .and_then(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?))),
        };
        let invalid = || Error::invalid(vec![Violation::new("resume_token", "was not given for this inbox")]);
        Ok(Self { after: after.ok_or_else(invalid)?, context, call, mailbox })
    }

    /// Subscribes, then reads: nothing falls between.
    pub(super) fn follow(self, feed: &Feed) -> ReceiverStream<Result<WatchMessagesResponse, Status>> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let wakes = feed.subscribe();
        let context = self.context.clone();
        context.spawn(self.run(wakes, sender));
        ReceiverStream::new(receiver)
    }

    async fn run(mut self, mut wakes: Receiver<Wake>, sender: Sender<Result<WatchMessagesResponse, Status>>) {
        loop {
            match self.read_on(&sender).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let _ = sender.send(Err(error.into())).await;
                    return;
                }
            }
            tokio::select! {
                () = sender.closed() => return,
                () = until_woken(&mut wakes, self.mailbox) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends what is there; says whether the reader is.
    async fn read_on(&mut self, sender: &Sender<Result<WatchMessagesResponse, Status>>) -> Result<bool> {
        loop {
            let messages = self.context.read(self.call.clone(), ReadOn { after: self.after }).await?;
            let read = messages.len();
            for (sequence, message) in messages {
                self.after = sequence;
                let resume_token = self.context.pages.seal(&self.call, &scope(self.mailbox), &sequence.to_be_bytes());
                let message = Some(convert::message(message));
                if sender.send(Ok(WatchMessagesResponse { message, resume_token })).await.is_err() {
                    return Ok(false);
                }
            }
            if read < STRETCH {
                return Ok(true);
            }
        }
    }
}

/// A token goes with its inbox alone.
fn scope(mailbox: Mailbox) -> String {
    format!("{mailbox:?}")
}

async fn until_woken(wakes: &mut Receiver<Wake>, mailbox: Mailbox) {
    loop {
        match wakes.recv().await {
            Ok(Wake::Event(event)) if !concerns(&event, mailbox) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The feed lives as long as the process: leave the waking to the poll.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn concerns(event: &Event, mailbox: Mailbox) -> bool {
    match event {
        Event::MessageReceived(told) => told.organisation == mailbox.organisation.to_string(),
        _ => false,
    }
}
