//! Following an inbox: read on from a number, wait to be woken, read on.
//!
//! The feed only wakes. What is sent comes from the table by number, so nothing is left out when the broker is away, when a
//! stream is slow, or when it is taken up again at another instance. An inbox is one or two mailboxes, each with numbers
//! of its own; a token holds how far each has come.

use std::time::Duration;

use relais_platform::{
    Context, Error, Result,
    broker::feed::{Feed, Wake},
    calls::Call,
    error::{Kind, Violation},
    events::Event,
};
use relais_proto::notification::v1::WatchMessagesResponse;
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    mpsc::{self, Sender},
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::convert;
use crate::{
    app::{ReadOn, STRETCH, inbox_of},
    domain::{Language, Mailbox},
};

/// Looked at again even when nothing woke the stream.
const POLL: Duration = Duration::from_secs(5);
/// Messages on their way to a slow reader.
const BUFFER: usize = 16;

type Next = Result<WatchMessagesResponse, Status>;

/// A stream of one caller.
pub(super) struct Watch {
    context: Context,
    call: Call,
    language: Language,
    /// Each mailbox, and the number of the last message read.
    inbox: Vec<(Mailbox, i64)>,
    closing: CancellationToken,
}

impl Watch {
    /// From the token's numbers on.
    pub(super) fn try_new(context: Context, call: Call, language: Language, token: &str) -> Result<Self> {
        let mailboxes = inbox_of(&call.caller)?;
        let numbers = match token {
            "" => Some(vec![0; mailboxes.len()]),
            token => context.pages.open(&call, &scope(&mailboxes), token).and_then(|bytes| numbers(&bytes)),
        };
        let invalid = || Error::invalid(vec![Violation::new("resume_token", "was not given for this inbox")]);
        let inbox = mailboxes.into_iter().zip(numbers.ok_or_else(invalid)?).collect();
        let closing = context.closing();
        Ok(Self { context, call, language, inbox, closing })
    }

    /// Subscribes, then reads: nothing falls between.
    pub(super) fn follow(self, feed: &Feed) -> ReceiverStream<Next> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let wakes = feed.subscribe();
        let context = self.context.clone();
        context.spawn(self.run(wakes, sender));
        ReceiverStream::new(receiver)
    }

    async fn run(mut self, mut wakes: Receiver<Wake>, sender: Sender<Next>) {
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
                () = self.closing.cancelled() => return,
                () = self.until_woken(&mut wakes) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends what is there; says whether the reader is.
    async fn read_on(&mut self, sender: &Sender<Next>) -> Result<bool> {
        for at in 0..self.inbox.len() {
            loop {
                let (mailbox, after) = self.inbox[at];
                let messages = self.context.read(self.call.clone(), ReadOn { mailbox, after }).await?;
                let read = messages.len();
                for (number, message) in messages {
                    self.ensure_valid()?;
                    self.inbox[at].1 = number;
                    let (message, resume_token) = (Some(convert::message(self.language, message)), self.token());
                    if !self.send(sender, WatchMessagesResponse { message, resume_token }).await {
                        return Ok(false);
                    }
                }
                if read < STRETCH {
                    break;
                }
            }
        }
        self.ensure_valid().map(|()| true)
    }

    /// Waits for a slow reader, but not beyond the end, nor beyond the token's; says whether to go on.
    async fn send(&self, sender: &Sender<Next>, next: WatchMessagesResponse) -> bool {
        let left = (self.call.caller.expires_at - self.context.clock.now()).to_std().unwrap_or_default();
        tokio::select! {
            sent = sender.send(Ok(next)) => sent.is_ok(),
            () = self.closing.cancelled() => false,
            () = tokio::time::sleep(left) => false,
        }
    }

    /// A stream ends with the token that opened it.
    fn ensure_valid(&self) -> Result<()> {
        if self.context.clock.now() < self.call.caller.expires_at {
            return Ok(());
        }
        Err(Error::new(Kind::Unauthenticated, "TOKEN_INVALID", "the token has expired: open the stream again"))
    }

    fn token(&self) -> String {
        let numbers: Vec<u8> = self.inbox.iter().flat_map(|(_, number)| number.to_be_bytes()).collect();
        let mailboxes: Vec<_> = self.inbox.iter().map(|(mailbox, _)| *mailbox).collect();
        self.context.pages.seal(&self.call, &scope(&mailboxes), &numbers)
    }

    async fn until_woken(&self, wakes: &mut Receiver<Wake>) {
        loop {
            match wakes.recv().await {
                Ok(Wake::Event(event)) if !self.concerns(&event) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The feed lives as long as the process: leave the waking to the poll.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        match event {
            Event::MessageReceived(told) => {
                self.inbox.iter().any(|(mailbox, _)| mailbox.organisation.to_string() == told.organisation)
            }
            _ => false,
        }
    }
}

/// A token goes with its inbox alone.
fn scope(mailboxes: &[Mailbox]) -> String {
    format!("{mailboxes:?}")
}

fn numbers(bytes: &[u8]) -> Option<Vec<i64>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| numbers.iter().map(|number| i64::from_be_bytes(*number)).collect())
}
