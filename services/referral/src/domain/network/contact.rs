//! Where organisations and units are written to.

use std::fmt;

use relais_platform::ids::{Child, OrganisationId, ResourceId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::language::Language;

/// Where somebody is written to, and in which language. Its `Debug` tells nothing, so that no log can.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// An e-mail address; may be empty.
    pub email: String,
    /// A telephone number (E.164); may be empty.
    pub phone: String,
    /// The language to write in.
    pub language: Language,
}

impl Contact {
    /// Whether nobody can be reached by it.
    pub fn is_empty(&self) -> bool {
        self.email.is_empty() && self.phone.is_empty()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(..)")
    }
}

/// An organisation's inbox, or one of its units'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailbox {
    /// Whose.
    pub organisation: OrganisationId,
    /// Of which unit; none: of the organisation.
    pub unit: Option<UnitId>,
}

impl Mailbox {
    /// Parses `organisations/{uuid}` or `organisations/{uuid}/units/{uuid}`.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(organisation) = OrganisationId::parse(name) {
            return Some(Self { organisation, unit: None });
        }
        Child::<UnitId>::parse(name).map(|unit| Self { organisation: unit.organisation, unit: Some(unit.id) })
    }

    /// The id by which it is kept.
    pub fn id(&self) -> Uuid {
        self.unit.map_or(self.organisation.0, |unit| unit.0)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Some(unit) => Child::new(self.organisation, unit).fmt(f),
            None => self.organisation.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_an_organisation_or_a_unit() {
        let organisation = OrganisationId::draw();
        for unit in [None, Some(UnitId::draw())] {
            let mailbox = Mailbox { organisation, unit };
            assert_eq!(Mailbox::parse(&mailbox.to_string()), Some(mailbox));
        }
        assert_eq!(Mailbox::parse("organisations/1"), None);
    }
}
