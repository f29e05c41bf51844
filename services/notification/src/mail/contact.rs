//! Where somebody is reached, asked at the moment it is needed and forgotten afterwards. What is answered here is in no table, log
//! or span; that it was asked stands in the audit of the referral service.

use std::time::Duration;

use relais_platform::{Context, ids::Child, settings::millis};
use relais_proto::referral::v1::{
    ResolveContactRequest, ResolveContactResponse, recipient_service_client::RecipientServiceClient,
    resolve_contact_request::Whom,
};
use tokio::time::timeout;
use tonic::Code;

use crate::domain::{Delivery, Language, Mailbox, Purpose};

/// How somebody is reached. It cannot be printed.
pub(super) struct Contact {
    pub email: String,
    pub phone: String,
    pub language: Option<Language>,
    pub stands_in: bool,
}

/// What the referral service answers.
pub(super) enum Found {
    Contact(Contact),
    /// There is nobody: the referral is not there any more.
    Nobody,
    /// It could not be asked, or does not know how to answer.
    NotNow,
}

/// Asks the referral service, as this service itself.
pub(super) struct Contacts {
    context: Context,
    within: Duration,
}

impl Contacts {
    /// When `peers.referral` is not set, nobody is asked, and deliveries wait.
    pub(super) fn new(context: &Context) -> Self {
        Self { context: context.clone(), within: millis(context.settings.mail.contact_timeout_ms) }
    }

    /// Where the recipient of a delivery is reached.
    pub(super) async fn recipient(&self, delivery: &Delivery) -> Found {
        match delivery.purpose {
            Purpose::Reminder => self.ask(delivery, Whom::Patient, String::new()).await,
            Purpose::Message | Purpose::Digest => self.ask(delivery, Whom::Mailbox, name(delivery.mailbox)).await,
        }
    }

    /// Whom a patient calls who cannot come: whoever sent the patient.
    pub(super) async fn phone_to_call(&self, delivery: &Delivery) -> Option<String> {
        match self.ask(delivery, Whom::Mailbox, name(delivery.mailbox)).await {
            Found::Contact(contact) => Some(contact.phone).filter(|phone| !phone.is_empty()),
            Found::Nobody | Found::NotNow => None,
        }
    }

    async fn ask(&self, delivery: &Delivery, whom: Whom, mailbox: String) -> Found {
        let asked = ResolveContactRequest { referral: delivery.referral.to_string(), whom: whom.into(), mailbox };
        let ready =
            self.context.peer("referral").and_then(|peer| Ok((peer, self.context.itself("referral", None, asked)?)));
        let (mut client, request) = match ready {
            Ok((peer, request)) => (RecipientServiceClient::new(peer), request),
            Err(error) => {
                tracing::warn!(%error, "the referral service cannot be asked");
                return Found::NotNow;
            }
        };
        match timeout(self.within, client.resolve_contact(request)).await {
            Ok(Ok(answer)) => Found::Contact(contact(answer.into_inner())),
            // Its words stay there: they could name what is not to be named here.
            Ok(Err(status)) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => Found::Nobody,
            Ok(Err(status)) => {
                tracing::warn!(code = ?status.code(), "the referral service does not say where somebody is reached");
                Found::NotNow
            }
            Err(_) => Found::NotNow,
        }
    }
}

fn contact(answer: ResolveContactResponse) -> Contact {
    Contact {
        language: Language::parse(&answer.language),
        email: answer.email,
        phone: answer.phone,
        stands_in: answer.stands_in,
    }
}

fn name(mailbox: Mailbox) -> String {
    match mailbox.unit {
        Some(unit) => Child::new(mailbox.organisation, unit).to_string(),
        None => mailbox.organisation.to_string(),
    }
}
