//! Says where an organisation or a unit is written to.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{self, UseCase},
};
use uuid::Uuid;

use super::ensure_administers;
use crate::{
    domain::network::{Contact, Mailbox},
    store::network,
};

/// Says where a mailbox is written to.
#[derive(Debug, Clone)]
pub struct SetContact {
    /// Whose.
    pub mailbox: Mailbox,
    /// Where.
    pub contact: Contact,
}

/// What counts now.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where.
    pub contact: Contact,
    mailbox: Uuid,
    version: i64,
}

impl UseCase for SetContact {
    type Outcome = Told;
    const NAME: &'static str = "set_contact";

    fn asks(&self) -> Subject {
        Subject::of(self.mailbox)
    }

    async fn run(&self, unit: &mut database::Unit<'_>) -> Result<Told> {
        ensure_administers(unit.caller()?, self.mailbox.organisation)?;
        let before = network::find_contact(unit, self.mailbox).await?;
        let version = before.map_or(0, |(_, version)| version) + 1;
        network::insert_contact(unit, self.mailbox, version, &self.contact).await?;
        unit.audit(Subject::of(self.mailbox));
        Ok(Told { contact: self.contact.clone(), mailbox: self.mailbox.id(), version })
    }
}

impl Recall for Told {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.mailbox, version: self.version }
    }

    async fn recall(unit: &mut database::Unit<'_>, outcome: Outcome) -> Result<Self> {
        let contact = network::get_contact_at(unit, outcome.id, outcome.version).await?;
        Ok(Self { contact, mailbox: outcome.id, version: outcome.version })
    }
}
