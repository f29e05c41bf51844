//! Says where somebody is reached about a referral now.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ReferralId,
};

use crate::{
    app::identity::Vault,
    domain::{
        identity::Person,
        language::Language,
        network::{Contact, Mailbox},
        referral::Sent,
    },
    store::{identity, network, referral},
};

/// Whom to reach.
#[derive(Debug, Clone, Copy)]
pub enum Whom {
    /// The patient, or whoever looks after the patient at the unit that sent the referral.
    Patient,
    /// A mailbox of a party.
    Mailbox(Mailbox),
}

/// Asks for a service by itself.
#[derive(Debug, Clone)]
pub struct ResolveContact {
    /// About which referral.
    pub referral: ReferralId,
    /// Whom.
    pub whom: Whom,
    /// Opens the person.
    pub vault: Vault,
}

/// Where somebody is reached.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Where; empty when nowhere.
    pub contact: Contact,
    /// Whether that is whoever looks after the patient.
    pub stands_in: bool,
}

impl UseCase for ResolveContact {
    type Outcome = Reached;
    const NAME: &'static str = "resolve_contact";
    // Services are no party of anything.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.referral.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reached> {
        let sent = referral::get_sent(unit, self.referral).await?;
        unit.about(sent.number.as_str());
        let about = Subject::from(self.referral);
        match self.whom {
            Whom::Patient => {
                unit.audit(about.patient(sent.patient));
                self.reach_patient(unit, &sent).await
            }
            Whom::Mailbox(mailbox) => {
                let parties = sent.parties.iter();
                let told = parties.map(|party| party.organisation).any(|party| party == mailbox.organisation);
                let contact = contact_of(unit, mailbox).await?;
                if !told {
                    return Err(Error::not_found(mailbox));
                }
                unit.audit(Subject::of(mailbox).referral(self.referral));
                Ok(Reached { contact, stands_in: false })
            }
        }
    }
}

impl ResolveContact {
    async fn reach_patient(&self, unit: &mut Unit<'_>, sent: &Sent) -> Result<Reached> {
        let desk = contact_of(unit, Mailbox { organisation: sent.referrer, unit: sent.unit }).await?;
        let mut record = identity::get(unit, sent.referrer, sent.patient).await?;
        // What is known of the person since is with the record that lives on.
        while let Some(survivor) = record.merged_into {
            record = identity::get(unit, sent.referrer, survivor).await?;
        }
        let own = self.vault.open(record).await?.person.map(|person| own_contact(person, desk.language));
        Ok(match own.filter(|own| !own.is_empty()) {
            Some(contact) => Reached { contact, stands_in: false },
            None => Reached { contact: desk, stands_in: true },
        })
    }
}

/// In the person's language where the product speaks it; otherwise in that of who looks after the person.
fn own_contact(person: Person, otherwise: Language) -> Contact {
    let language = Language::of_tag(&person.language).unwrap_or(otherwise);
    Contact { email: person.contacts.email, phone: person.contacts.phone, language }
}

/// A unit's contact, or else its organisation's; empty when there is neither.
async fn contact_of(unit: &mut Unit<'_>, mailbox: Mailbox) -> Result<Contact> {
    let whole = Mailbox { unit: None, ..mailbox };
    for mailbox in [mailbox, whole] {
        let found = network::find_contact(unit, mailbox).await?.map(|(contact, _)| contact);
        if let Some(contact) = found.filter(|contact| !contact.is_empty()) {
            return Ok(contact);
        }
    }
    Ok(Contact::default())
}
