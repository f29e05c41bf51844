//! The way to a mail server, by SMTP. Each mail has a connection of its own, which is never used again after a failure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp,
};
use relais_platform::{
    ids::DeliveryId,
    settings::{MailSettings, millis},
};
use tokio::time::timeout;

use super::{contact::Contact, letter::Letter};
use crate::domain::Outcome;

/// Permanent answers that concern us, not the recipient: whoever runs the installation mends them, and the mail goes out then.
const OURS: [u16; 5] = [521, 530, 534, 535, 538];

/// To whom a mail goes, and what it needs to be written. It cannot be printed.
pub(super) struct Mail {
    pub to: Address,
    pub contact: Contact,
    pub phone: Option<String>,
}

/// A mail server.
pub(super) struct Transport {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    within: Duration,
}

impl Transport {
    /// The server of the settings; none when they name none.
    ///
    /// # Errors
    /// When its URL is none, or the sender's address.
    pub(super) fn new(settings: &MailSettings) -> anyhow::Result<Option<Self>> {
        if settings.url.expose().is_empty() {
            return Ok(None);
        }
        let within = millis(settings.timeout_ms);
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose())?.timeout(Some(within)).build();
        Ok(Some(Self { smtp, from: settings.from.parse()?, within }))
    }

    /// An address that can be sent to.
    pub(super) fn address(&self, email: &str) -> Option<Address> {
        email.trim().parse().ok()
    }

    /// Sends a mail: how that ended, and the server's code. Its words are thrown away, for they may hold the address.
    pub(super) async fn send(&self, to: Address, id: DeliveryId, letter: Letter, at: DateTime<Utc>) -> (Outcome, i32) {
        // What is composed here has all that it needs.
        let Ok(message) = self.message(to, id, letter, at) else { return (Outcome::NoAddress, 0) };
        match timeout(self.within, self.smtp.send(message)).await {
            Ok(Ok(response)) => (Outcome::Accepted, u16::from(response.code()).into()),
            Ok(Err(error)) => failed(&error),
            Err(_) => (Outcome::TimedOut, 0),
        }
    }

    fn message(
        &self,
        to: Address,
        id: DeliveryId,
        letter: Letter,
        at: DateTime<Utc>,
    ) -> Result<Message, lettre::error::Error> {
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{}@{}>", id.0, self.from.email.domain())))
            .date(at.into())
            .raw_header(HeaderValue::new(automatic, "auto-generated".into()))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)
    }
}

fn failed(error: &smtp::Error) -> (Outcome, i32) {
    match error.status().map(u16::from) {
        Some(code) if error.is_permanent() && !OURS.contains(&code) => (Outcome::Refused, code.into()),
        Some(code) => (Outcome::Deferred, code.into()),
        None if error.is_timeout() => (Outcome::TimedOut, 0),
        None => (Outcome::Unreachable, 0),
    }
}
