//! What goes out by mail, to a real mail server.

mod attempts;
mod preferences;
mod reminders;

use anyhow::{Context, Result};
use relais_notification::Notification;
use relais_platform::clock::machine_now;
use relais_proto::{
    notification::v1::{
        Delivery, GetDeliveryRequest, ListDeliveriesRequest, MailPreferences, UpdateMailPreferencesRequest,
        mail_preferences::Class,
    },
    referral::v1::{ResolveContactRequest, ResolveContactResponse, resolve_contact_request::Whom},
};
use relais_tests::{AddressBook, Identity, Session, SmtpServer, Told, World, eventually, request_id};
use tonic::Status;

/// Where everybody of these tests lives; no row, log line or span may hold it.
const MARK: &str = "qwzmailcanary";

/// A service with a mail server and somebody who knows addresses.
struct Post {
    world: World<Notification>,
    smtp: SmtpServer,
    book: AddressBook,
}

impl Post {
    async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    async fn start_with(more: &[(&str, &str)]) -> Result<Self> {
        let (smtp, book) = (SmtpServer::start().await?, AddressBook::open().await?);
        let (url, peer) = (smtp.url(), book.url());
        let mut settings = vec![
            ("RELAIS__MAIL__URL", url.as_str()),
            ("RELAIS__MAIL__FROM", "Relais <relais@relais.test>"),
            ("RELAIS__MAIL__POLL_MS", "50"),
            ("RELAIS__MAIL__WAIT_MS", "50"),
            ("RELAIS__MAIL__RETRY_FIRST_MS", "0"),
            ("RELAIS__PEERS__REFERRAL", peer.as_str()),
        ];
        settings.extend(more);
        Ok(Self { world: World::start_with(&settings).await?, smtp, book })
    }

    /// Somebody whose token outlasts the days that a test lets pass.
    fn lasting(&self, identity: &Identity) -> Result<Session> {
        let exp = machine_now().timestamp() + 30 * 86_400;
        self.world.session_with(&self.world.issuer().token_until(identity, exp)?)
    }

    /// Somebody at the referrer who may decide on deliveries.
    fn admin(&self, told: &Told) -> Result<Session> {
        self.lasting(&Identity::new("admin", "admin").of(&told.referrer.to_string()))
    }

    /// The provider wants an e-mail for all that is to be done.
    async fn subscribe(&self, told: &Told) -> Result<()> {
        let wanted = MailPreferences { email_classes: vec![Class::Work.into()], ..Default::default() };
        subscribe(&self.world.session(&told.receiver())?, wanted).await?;
        Ok(())
    }

    async fn until_state(&self, session: &Session, state: &str) -> Result<Delivery> {
        eventually(&format!("a delivery is {state}"), || async {
            let found = deliveries(session).await?.into_iter().next();
            let found = found.filter(|delivery| delivery.state().as_str_name() == format!("STATE_{state}"));
            let Some(found) = found else { return Ok(None) };
            let request = GetDeliveryRequest { name: found.name };
            Ok(session.deliveries().get_delivery(request).await?.into_inner().delivery)
        })
        .await
    }

    async fn end(self) -> Result<()> {
        self.world.end().await
    }
}

async fn subscribe(session: &Session, wanted: MailPreferences) -> Result<MailPreferences, Status> {
    let request = UpdateMailPreferencesRequest { preferences: Some(wanted), request_id: request_id() };
    let answer = session.inbox().update_mail_preferences(request).await?.into_inner();
    Ok(answer.preferences.unwrap_or_default())
}

async fn deliveries(session: &Session) -> Result<Vec<Delivery>> {
    let request = ListDeliveriesRequest::default();
    Ok(session.deliveries().list_deliveries(request).await?.into_inner().deliveries)
}

/// Everybody has an address, and reads French.
fn everybody(asked: &ResolveContactRequest) -> Result<ResolveContactResponse, Status> {
    let (email, phone) = match asked.whom() {
        Whom::Mailbox => (format!("desk.{MARK}@relais.test"), "+352 27 00 00 01".into()),
        _ => (format!("patient.{MARK}@relais.test"), String::new()),
    };
    Ok(ResolveContactResponse { email, phone, language: "fr".into(), stands_in: false })
}

/// Everybody has an address made of the referral's id.
fn each_one(asked: &ResolveContactRequest) -> Result<ResolveContactResponse, Status> {
    let id = asked.referral.rsplit('/').next().unwrap_or_default();
    Ok(ResolveContactResponse { email: format!("{id}@relais.test"), language: "en".into(), ..Default::default() })
}

/// The number of codes that attempts ended with.
fn codes(delivery: &Delivery) -> Vec<(String, i32)> {
    delivery.attempts.iter().map(|attempt| (attempt.outcome.clone(), attempt.code)).collect()
}

fn address(told: &Told) -> Result<String> {
    Ok(format!("{}@relais.test", told.id.to_string().rsplit('/').next().context("an id")?))
}
