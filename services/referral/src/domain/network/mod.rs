//! The directory's values.

mod contact;
mod day;
mod identifier;
mod invitation;
mod leave;
mod member;
mod registration;
mod site;

use chrono::{DateTime, Utc};
use relais_platform::ids::{Child, OrganisationId, PractitionerId, UnitId};
use relais_platform::text_enum;
use serde::{Deserialize, Serialize};

pub use contact::{Contact, Mailbox};
pub use day::day_in;
pub use identifier::{fault as identifier_fault, is_register};
pub use invitation::{Secret, not_opened};
pub use leave::{Acting, Leave, LeaveName, NOT_ANOTHER, Standing, UnitSubstitute, acting};
pub use member::{Change, Login, Member, MemberState, Position, PositionField, ensure_administered};
pub use registration::{Registration, RegistrationEnd, RegistrationName, is_licensed};
pub use site::{Access, Place, Site, SiteField, Stop, StopKind, Wheelchair};

/// An identifier in a named system, as in FHIR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// Who issues it: a URL or an OID as `urn:oid:…`.
    pub system: String,
    /// The value.
    pub value: String,
}

/// A legal person that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// The name people read.
    pub display_name: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// In public registers.
    pub identifiers: Vec<Identifier>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// Where it is written to.
    pub contact: Option<Contact>,
}

text_enum! {
    /// What kind of unit it is.
    pub enum UnitKind {
        /// An administrative or social desk.
        Desk = "desk",
        /// A medical service.
        MedicalService = "medical-service",
        /// A care centre, both.
        CareCentre = "care-centre",
    }
}

/// A part of an organisation that acts for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its organisation and id.
    pub name: Child<UnitId>,
    /// The name people read.
    pub display_name: String,
    /// What kind it is.
    pub kind: UnitKind,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// Where it is written to.
    pub contact: Option<Contact>,
}

/// A health professional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practitioner {
    /// The organisation and the id.
    pub name: Child<PractitionerId>,
    /// The name people read.
    pub display_name: String,
    /// The registration that was entered first.
    pub registration: Identifier,
    /// When the practitioner was entered.
    pub create_time: DateTime<Utc>,
    /// All registrations, as they were entered.
    pub registrations: Vec<Registration>,
}
