//! What goes out by mail: one worker for each instance takes what is due, one delivery at a time, several at once.
//!
//! No transaction stands open while a server is talked to. A delivery is taken for a while, the referral service is asked where its
//! recipient is reached, the delivery is committed as sent, sent, and how that ended is noted. Whoever dies in between leaves
//! a delivery that is due again after a while, under the same message id: at least once, and one that fails or hangs stops no other.

mod contact;
mod letter;
mod transport;

use std::time::Duration;

use futures::{StreamExt, stream};
use relais_platform::{
    Context, Result, database::UseCase, error::Kind, ids::DeliveryId, random::jitter, settings::millis,
};
use tracing::Instrument;

use crate::{
    app::{ClaimDelivery, Claimed, FailDelivery, NoteAttempt, PostponeDelivery, SendDelivery},
    domain::{Delivery, Outcome, Purpose},
    store,
};
use contact::{Contacts, Found};
use transport::{Mail, Transport};

/// Besides what servers may take: for the statements in between, and for noting how it ended.
const SLACK: Duration = Duration::from_secs(30);

/// How often it is tried to note what became of a delivery, and how long is waited in between.
const PATIENCE: usize = 20;
const REST: Duration = Duration::from_millis(500);

/// Starts the worker. With settings that cannot be used, deliveries wait, and the log says why.
pub(crate) fn start(context: &Context) {
    match Transport::new(&context.settings.mail) {
        Ok(transport) => {
            let post = Post { context: context.clone(), transport, contacts: Contacts::new(context) };
            context.spawn(post.run());
        }
        // The URL may hold a password: the error's own words stay here.
        Err(_) => tracing::error!("mail is not sent: mail.url or mail.from cannot be used"),
    }
}

struct Post {
    context: Context,
    transport: Option<Transport>,
    contacts: Contacts,
}

impl Post {
    async fn run(self) {
        let (closing, poll) = (self.context.closing(), millis(self.context.settings.mail.poll_ms));
        while !closing.is_cancelled() {
            match self.round().await {
                // There may be more than were looked at.
                Ok(done) if done > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "mail waits"),
            }
            tokio::select! {
                () = closing.cancelled() => {}
                () = tokio::time::sleep(jitter(poll)) => {}
            }
        }
    }

    /// Delivers what is due; says how many of it went on.
    async fn round(&self) -> Result<usize> {
        let now = self.context.clock.now();
        let due = self.context.database.look(move |connection| Box::pin(store::due(connection, now))).await?;
        let done =
            stream::iter(due).map(|id| self.attend(id)).buffer_unordered(self.context.settings.mail.at_once.max(1));
        Ok(done.filter(|done| std::future::ready(*done)).count().await)
    }

    /// Delivers one, whatever becomes of it; says whether it went on.
    async fn attend(&self, id: DeliveryId) -> bool {
        let _busy = self.context.activity().busy();
        let span = tracing::info_span!(parent: None, "deliver");
        match self.deliver(id).instrument(span).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(delivery.id = %id, %error, "a delivery waits");
                false
            }
        }
    }

    async fn deliver(&self, id: DeliveryId) -> Result<bool> {
        let database = &self.context.database;
        let Some(claimed) = database.work(ClaimDelivery { id, lease: self.lease() }).await? else { return Ok(false) };
        let delivery = claimed.delivery.clone();
        let mail = match self.prepare(&claimed).await {
            Ok(mail) => mail,
            Err(Some(outcome)) => return self.note(FailDelivery { id, outcome }).await.map(|()| true),
            Err(None) => {
                let after = millis(self.context.settings.mail.wait_ms);
                return self.note(PostponeDelivery { delivery, after }).await.map(|()| true);
            }
        };
        let Some(sent) = self.note(SendDelivery(delivery)).await? else { return Ok(false) };
        let (outcome, code) = self.hand_over(mail, &claimed, &sent).await;
        tracing::info!(delivery.id = %id, delivery.attempt = sent.attempts, outcome = outcome.as_str(), code, "mail");
        let first_delay = millis(self.context.settings.mail.retry_first_ms);
        self.note(NoteAttempt { sent, outcome, code, first_delay }).await.map(|()| true)
    }

    /// Notes what became of a delivery. A database that is busy or away for a moment is waited for: what is not noted is looked at
    /// again after its lease alone, and a mail that went out goes out again. Noted twice is noted once.
    async fn note<U: UseCase + Clone>(&self, what: U) -> Result<U::Outcome> {
        for _ in 0..PATIENCE {
            match self.context.database.work(what.clone()).await {
                Err(error) if error.kind == Kind::Unavailable => tracing::warn!(%error, "a delivery is noted later"),
                noted => return noted,
            }
            tokio::time::sleep(REST).await;
        }
        self.context.database.work(what).await
    }

    /// Where it goes. None as the error: nobody can say so now.
    async fn prepare(&self, claimed: &Claimed) -> Result<Mail, Option<Outcome>> {
        let transport = self.transport.as_ref().ok_or(Outcome::NoTransport)?;
        let delivery = &claimed.delivery;
        let contact = match self.contacts.recipient(delivery).await {
            Found::Contact(contact) => contact,
            Found::Nobody => return Err(Some(Outcome::NoContact)),
            Found::NotNow => return Err(None),
        };
        let to = transport.address(&contact.email).ok_or(Outcome::NoAddress)?;
        let phone = match delivery.purpose {
            // Whoever stands in is the one to call.
            Purpose::Reminder if !contact.stands_in => self.contacts.phone_to_call(delivery).await,
            Purpose::Reminder | Purpose::Message | Purpose::Digest => None,
        };
        Ok(Mail { to, contact, phone })
    }

    async fn hand_over(&self, mail: Mail, claimed: &Claimed, sent: &Delivery) -> (Outcome, i32) {
        let Some(transport) = &self.transport else { return (Outcome::Unreachable, 0) };
        let letter = letter::compose(sent, claimed.language, &mail);
        transport.send(mail.to, sent.id, letter, self.context.clock.now()).await
    }

    /// Longer than all that may be waited for.
    fn lease(&self) -> Duration {
        let mail = &self.context.settings.mail;
        millis(mail.timeout_ms) + millis(mail.contact_timeout_ms) * 2 + SLACK
    }
}
